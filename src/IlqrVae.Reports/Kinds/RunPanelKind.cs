namespace IlqrVae.Reports.Kinds;

/// <summary>A kind of picture that needs a run.</summary>
public abstract class RunPanelKind : IPanelKind
{
    /// <inheritdoc/>
    public abstract string Name { get; }

    /// <inheritdoc/>
    public abstract string Help { get; }

    /// <inheritdoc/>
    public virtual PanelNeeds Needs => PanelNeeds.Inference;

    /// <inheritdoc/>
    public PanelResult Make(RecordingSource source, PanelRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return source is ReportSource run ? Make(run, request) : PanelResult.None($"'{Name}' shows what a model has found; it takes a run, not a recording alone.");
    }

    /// <summary>Makes its panels of a run.</summary>
    /// <param name="source">The run.</param>
    /// <param name="request">What of it.</param>
    /// <returns>The panels, or why there are none.</returns>
    protected abstract PanelResult Make(ReportSource source, PanelRequest request);
}
