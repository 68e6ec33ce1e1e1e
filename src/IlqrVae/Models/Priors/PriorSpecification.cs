using System.Numerics;
using IlqrVae.Models.Dynamics;
using IlqrVae.Models.Kinds;
using IlqrVae.Models.Parameters;

namespace IlqrVae.Models.Priors;

/// <summary>The prior over inputs, before any data. Each kind is a record that describes itself; see <see cref="ModelKinds"/>.</summary>
public abstract record PriorSpecification : PartSpecification<PriorSpecification>
{
    /// <summary>The coefficient of autoregressive inputs that learning starts from.</summary>
    private const double FirstCoefficient = 0.5;

    /// <summary>
    /// Whether inputs go on: u_t = a u_{t-1} + e_t with a coefficient a learned for each input, and this prior that of the innovations e.
    /// </summary>
    public bool Autoregressive { get; init; }

    /// <inheritdoc/>
    public override IReadOnlyList<Setting<PriorSpecification>> SettingsAmong(ModelKinds kinds) =>
    [
        Setting.Flag<PriorSpecification>(
            "autoregressive", one => one.Autoregressive, (one, value) => one with { Autoregressive = value },
            "Let each input go on from bin to bin, with a coefficient that is learned; the prior is then that of what is new in each bin, the innovations."),
    ];

    /// <summary>Dynamics that carry the inputs along where they are autoregressive; the same dynamics where they are not.</summary>
    /// <typeparam name="T">float or double.</typeparam>
    /// <param name="dynamics">The dynamics of the system.</param>
    public Dynamics<T> Carry<T>(Dynamics<T> dynamics)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        => Autoregressive && dynamics.InputCount > 0
            ? new AutoregressiveInputs<T>(dynamics, ModelStart.Constant<T>("prior.coefficient", dynamics.InputCount, Constraint.WithinOne, FirstCoefficient))
            : dynamics;

    /// <summary>Makes the prior at its start for learning.</summary>
    /// <typeparam name="T">float or double.</typeparam>
    /// <param name="start">Sizes.</param>
    public abstract InputPrior<T> Build<T>(ModelStart start)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>;
}
