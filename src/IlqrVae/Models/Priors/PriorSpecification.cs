using System.Numerics;
using IlqrVae.Models.Kinds;

namespace IlqrVae.Models.Priors;

/// <summary>The prior over inputs, before any data. Each kind is a record that describes itself; see <see cref="ModelKinds"/>.</summary>
public abstract record PriorSpecification : PartSpecification<PriorSpecification>
{
    /// <summary>Makes the prior at its start for learning.</summary>
    /// <typeparam name="T">float or double.</typeparam>
    /// <param name="start">Sizes.</param>
    public abstract InputPrior<T> Build<T>(ModelStart start)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>;
}
