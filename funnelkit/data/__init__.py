"""From an export to `Leads`: definition, reading, journeys, audit and simulation."""
