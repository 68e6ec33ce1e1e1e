namespace IlqrVae.Reports.Kinds;

/// <summary>All kinds of pictures there are.</summary>
public static class PanelKinds
{
    /// <summary>Gets them, in the order of a report.</summary>
    public static IReadOnlyList<IPanelKind> All { get; } =
    [
        new LearningPanels(),
        new RasterPanels(),
        new RatePanels(),
        new InputPanels(),
        new StatePanels(),
        new BehaviourPanels(),
        new PsthPanels(),
        new LatentPanels(),
        new PowerPanels(),
        new EventPanels(),
        new EigenvaluePanels(),
        new FixedPointPanels(),
        new CalibrationPanels(),
        new PriorPanels(),
        new SolverPanels(),
        new FiringPanels(),
        new AutocorrelationPanels(),
        new SpectrumPanels(),
    ];

    /// <summary>The kind of a name.</summary>
    /// <param name="name">What a user wrote.</param>
    /// <returns>The kind.</returns>
    /// <exception cref="InputException">There is none.</exception>
    public static IPanelKind Of(string name)
        => All.FirstOrDefault(kind => string.Equals(kind.Name, name, StringComparison.Ordinal))
            ?? throw new InputException($"there is no picture '{name}'; there are {string.Join(", ", All.Select(kind => kind.Name))}.");
}
