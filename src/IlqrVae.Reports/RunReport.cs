using IlqrVae.Reports.Kinds;
using IlqrVae.Reports.Panels;

namespace IlqrVae.Reports;

/// <summary>A run on one page: its sections in their order.</summary>
public static class RunReport
{
    /// <summary>Makes the report of a run.</summary>
    /// <param name="source">The run.</param>
    /// <returns>The report.</returns>
    public static Report Create(ReportSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return new Report("What was learned", "", [
            Section(source, "learning", "Learning", new LearningPanels()),
            Trials(source),
        ]);
    }

    private static ReportSection Section(ReportSource source, string name, string title, params IReadOnlyList<IPanelKind> kinds)
    {
        var results = kinds.Select(kind => kind.Make(source, PanelRequest.Usual)).ToList();
        return new ReportSection(name, title, string.Join(" ", results.Select(result => result.Reason).Where(reason => reason.Length > 0)))
        {
            Panels = [.. results.SelectMany(result => result.Panels)],
        };
    }

    private static ReportSection Trials(ReportSource source)
    {
        IPanelKind[] kinds = [new RasterPanels(), new RatePanels()];
        var choices = TrialChoice.Telling(source, source.Request.Choices)
            .Select(one => new ReportChoice(
                $"{source.Trials[one.Trial].Name}{(one.Words.Length > 0 ? $" ({one.Words})" : "")}",
                [.. kinds.SelectMany(kind => kind.Make(source, new PanelRequest { Trial = source.Trials[one.Trial].Name }).Panels)])).ToList();
        return new ReportSection("trials", "Trials", "") { ChoiceOf = "trial", Choices = choices };
    }
}
