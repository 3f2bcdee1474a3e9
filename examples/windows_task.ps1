# What the task of windows_task.xml runs in its folder: the audit, then the report of last month.
#
# On an error nothing half-written is left in reports, and report.log has what was said. report.eml
# opens in Outlook as a draft with the PDF attached; Edge, which is on every Windows, prints it.
$funnelkit = ".venv\Scripts\funnelkit.exe"
$month = (Get-Date -Day 1).AddDays(-1).ToString("yyyy-MM")

& $funnelkit audit --config funnel.yml *> report.log
if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }
& $funnelkit report monthly --config funnel.yml --month $month --email report.eml *>> report.log
exit $LASTEXITCODE
