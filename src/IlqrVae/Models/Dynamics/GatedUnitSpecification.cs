using IlqrVae.Models.Kinds;
using IlqrVae.Models.Parameters;

namespace IlqrVae.Models.Dynamics;

/// <summary>The minimal gated unit whose input leaves the gate alone, in configurations.</summary>
public sealed record MiniGruSpecification : GatedUnitSpecification
{
    /// <summary>Whether the input enters inside the candidate's nonlinearity.</summary>
    public bool InputInsideCandidate { get; init; }

    /// <inheritdoc/>
    public override string Kind => "mini-gru";

    /// <inheritdoc/>
    public override string Meaning => "a minimal gated unit";

    /// <inheritdoc/>
    public override IReadOnlyList<Setting<DynamicsSpecification>> SettingsAmong(ModelKinds kinds) =>
    [
        Setting.Flag<MiniGruSpecification>(
            "input-inside-candidate", one => one.InputInsideCandidate, (one, value) => one with { InputInsideCandidate = value },
            "Let the input enter inside the candidate's nonlinearity instead of beside it.").Of<DynamicsSpecification>(),
        .. base.SettingsAmong(kinds),
    ];

    /// <inheritdoc/>
    protected override InputPlacement Placement => InputInsideCandidate ? InputPlacement.Candidate : InputPlacement.Outside;
}

/// <summary>The minimal gated unit whose input enters the gate too, in configurations.</summary>
public sealed record MguSpecification : GatedUnitSpecification
{
    /// <inheritdoc/>
    public override string Kind => "mgu";

    /// <inheritdoc/>
    public override string Meaning => "the same with the input at its gate too";

    /// <inheritdoc/>
    protected override InputPlacement Placement => InputPlacement.GateAndCandidate;
}

/// <summary>A gated unit in configurations.</summary>
public abstract record GatedUnitSpecification : LeakyDynamicsSpecification
{
    /// <summary>Where the input enters.</summary>
    protected abstract InputPlacement Placement { get; }

    /// <inheritdoc/>
    public override Dynamics<T> Build<T>(ModelStart start)
    {
        var n = start.States;
        var hasInputAtGate = Placement == InputPlacement.GateAndCandidate;

        // Inside the candidate the input passes through a nonlinearity of slope one half.
        var drive = (Placement == InputPlacement.Outside ? 1 : 2) * (Drive(start) / Leak);
        return new GatedUnit<T>(Placement, new GatedUnitParameters<T>(
            start.RandomMatrix<T>("dynamics.Uf", n, n, Weak(start)),
            ModelStart.Constant<T>("dynamics.bf", n, Constraint.Free, Math.Log(Leak / (1 - Leak))),
            start.RandomMatrix<T>("dynamics.Uh", n, n, Weak(start)),
            ModelStart.Constant<T>("dynamics.bh", n, Constraint.Free, 0),
            InputMatrix<T>("dynamics.W", start, drive),
            start.External<T>("dynamics.E", n, drive),
            hasInputAtGate ? start.RandomMatrix<T>("dynamics.Wf", n, start.Inputs, 0.1 / Math.Sqrt(Math.Max(1, start.Inputs))) : null,
            hasInputAtGate ? start.External<T>("dynamics.Ef", n, 0.1) : null));
    }
}
