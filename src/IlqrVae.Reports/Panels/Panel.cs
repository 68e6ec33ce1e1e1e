namespace IlqrVae.Reports.Panels;

/// <summary>One picture as numbers and words; it says nothing of how it is drawn. A page, a figure for print and a table of numbers are made of the same panel.</summary>
public sealed record Panel
{
    /// <summary>Gets the word by which <c>plot</c> calls it, such as <c>rates</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Gets what is shown, in a few words.</summary>
    public required string Title { get; init; }

    /// <summary>Gets the sentences below the picture: what lines and bands are, from how many trials, and what may be concluded.</summary>
    public required string Caption { get; init; }

    /// <summary>Gets what is said to somebody who does not see the picture: what is to be seen in it, with its numbers.</summary>
    public required string Description { get; init; }

    /// <summary>Gets the horizontal axis.</summary>
    public required Axis X { get; init; }

    /// <summary>Gets the vertical axis.</summary>
    public required Axis Y { get; init; }

    /// <summary>Gets the third axis of paths in space; null where the picture is flat.</summary>
    public Axis? Z { get; init; }

    /// <summary>Gets the marks, those behind first.</summary>
    public required IReadOnlyList<Mark> Marks { get; init; }

    /// <summary>Gets whether a unit is as long along both axes, as in the plane of eigenvalues.</summary>
    public bool EqualUnits { get; init; }

    /// <summary>Gets the height that the panel asks for, as a share of its width.</summary>
    public double Aspect { get; init; } = 0.6;

    /// <summary>
    /// Gets what it is one of several small pictures of, which stand side by side in their order and share one caption, such as neurons of a trial; empty for a
    /// picture by itself. Neighbours with the same words here belong together.
    /// </summary>
    public string Multiples { get; init; } = "";
}
