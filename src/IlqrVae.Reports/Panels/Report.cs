namespace IlqrVae.Reports.Panels;

/// <summary>A report as numbers and words: what one page shows.</summary>
/// <param name="Title">What it is of.</param>
/// <param name="Summary">Sentences on top: what was fitted on what, and the one result that matters most.</param>
/// <param name="Sections">The sections, in their order.</param>
public sealed record Report(string Title, string Summary, IReadOnlyList<ReportSection> Sections);

/// <summary>A section of a report.</summary>
/// <param name="Name">Its name in addresses, such as <c>trials</c>.</param>
/// <param name="Title">Its heading.</param>
/// <param name="Words">What it shows and how to read it.</param>
public sealed record ReportSection(string Name, string Title, string Words)
{
    /// <summary>Gets its tables.</summary>
    public IReadOnlyList<ReportTable> Tables { get; init; } = [];

    /// <summary>Gets the panels that are always shown.</summary>
    public IReadOnlyList<Panel> Panels { get; init; } = [];

    /// <summary>Gets what one chooses among, such as <c>trial</c>; empty where there is nothing to choose.</summary>
    public string ChoiceOf { get; init; } = "";

    /// <summary>Gets the choices; one is shown at a time.</summary>
    public IReadOnlyList<ReportChoice> Choices { get; init; } = [];
}

/// <summary>One of the choices of a section.</summary>
/// <param name="Label">What it is, such as the name of a trial.</param>
/// <param name="Panels">Its panels.</param>
public sealed record ReportChoice(string Label, IReadOnlyList<Panel> Panels);

/// <summary>A table of a report.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="Columns">The headings.</param>
/// <param name="Rows">The cells, a row after the other.</param>
/// <param name="Note">What has to be known to read it.</param>
public sealed record ReportTable(string Title, IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<string>> Rows, string Note = "");
