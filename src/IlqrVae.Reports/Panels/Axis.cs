namespace IlqrVae.Reports.Panels;

/// <summary>An axis of a panel.</summary>
/// <param name="Label">What is along it, such as <c>time</c>.</param>
/// <param name="Unit">Its unit, such as <c>s</c>; empty where it has none.</param>
public sealed record Axis(string Label, string Unit = "")
{
    /// <summary>Gets its two ends; null where they follow from the marks.</summary>
    public (double Low, double High)? Limits { get; init; }

    /// <summary>Gets whether it is logarithmic. All values along it are positive then.</summary>
    public bool Logarithmic { get; init; }

    /// <summary>Gets ticks with words, such as names of channels; null for numbers.</summary>
    public IReadOnlyList<(double Position, string Label)>? Ticks { get; init; }

    /// <summary>Gets label and unit, as <c>time (s)</c>.</summary>
    public string Text => Unit.Length == 0 ? Label : $"{Label} ({Unit})";
}
