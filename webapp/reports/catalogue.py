"""All reports, in the order of their tabs."""

from webapp.reports import (
    attempts,
    by_agent,
    by_day,
    by_queue,
    costs,
    dispositions,
    outbound,
    transfers,
)

REPORTS = {
    report.name: report
    for report in (
        by_queue.REPORT,
        by_agent.REPORT,
        by_agent.STATES_REPORT,
        transfers.REPORT,
        dispositions.REPORT,
        *dispositions.PARTED,
        by_day.INTERACTIONS,
        by_day.MESSAGE_REPORT,
        by_day.ACCOUNT_REPORT,
        outbound.CAMPAIGNS,
        attempts.REPORT,
        by_day.TEMPLATE_REPORT,
        costs.REPORT,
        outbound.OPT_OUTS,
    )
}
