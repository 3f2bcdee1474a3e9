"""A page made by hand, some of its texts traps: what a delivery must say and must not do."""

from funnelkit.report.page.charts.svg import Drawing, bullet, chart, figure, legend, swatch
from funnelkit.report.page.markup import Html, el
from funnelkit.report.page.section import DataTable, Opening, Section
from funnelkit.report.render import page_html

HEADLINE = "Wins fell by 12 % in May"
TRAP = "<script>alert(1)</script>"
HEADER = "Wins fell\r\nBcc: everyone@example.org\r\n\r\n<b>in May</b>"
COLUMNS = ("Source", "Leads", "Rate")
ROWS = (("Organic search", "4,961", "3.0 % (2.5 to 3.6)"), (TRAP, "12", "none"))


def drawn(size) -> Drawing:
    """A bar of 40 pixels, hatched from 40 to 60, and a word with signs of mathematics."""
    sheet = size.sheet(50)
    sheet.rect(0, 0, 40, 20, "bar-moved")
    sheet.filled(40, 0, 20, 20, sheet.hatch("immature"))
    sheet.text(0, 40, "$\\frac{1}{ 漢字", "strong halo")
    return sheet


def opening(title: str = HEADLINE) -> Opening:
    return Opening(
        report="Monthly funnel report, May 2018",
        title=title,
        about="Olist",
        meta=[("Period", "1 to 31 May 2018")],
        story=[("What happened", ["57 wins against 65.", f"Source {TRAP} stands apart."])],
        reading=Html("A rate is won &divide; entered."),
        tied="All 3 control totals tie.",
    )


def section(key: str = "funnel", title: str = "One in ten leads won") -> Section:
    shown = figure(
        legend((swatch("moved"), "moved on"), (bullet("hollow"), "immature")),
        chart(drawn, label=f"Funnel: 40 moved on. {TRAP}"),
        caption="Counts so far.",
    )
    table = DataTable("rates by source", "Rates", COLUMNS, ROWS)
    words = "1,303 leads, 10.0 % (8.4 to 11.7 %) won."
    return Section(
        key=key, eyebrow="Funnel", title=title, lead=words, body=(shown,), tables=(table,)
    )


def cards() -> Section:
    card = el(
        "article",
        el("h3", "Wins"),
        el("p", "in May", class_="about"),
        el("p", "57", class_="value"),
        el("p", "95 % interval 43 to 74", class_="ends"),
        el("p", "n = 57 wins", class_="size"),
        el("p", el("b", "8 fewer "), "than in April; no clear change", class_="change"),
        class_="card",
    )
    body = (el("div", card, class_="cards"),)
    return Section(key="headline", eyebrow="Headline figures", title="Wins as before", body=body)


def page(title: str = HEADLINE, *sections: Section) -> str:
    alone = Section(key="alerts", eyebrow="Alerts", title="Nothing left its usual level")
    parts = [opening(title), cards(), *(sections or (section(),)), alone]
    return page_html([part._repr_html_() for part in parts])
