using System.Numerics;
using IlqrVae.Models.Parameters;

namespace IlqrVae.Training;

/// <summary>One process that owns every trial: outcomes and sums are complete as they are.</summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed class InProcessReduction<T> : IGradientReduction<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <inheritdoc/>
    public bool Owns(int trial) => true;

    /// <inheritdoc/>
    public void Gather(ReadOnlySpan<int> trials, Span<TrialOutcome> outcomes)
    {
    }

    /// <inheritdoc/>
    public void Sum(IReadOnlyList<Parameter<T>> parameters, ParameterGradient<T> sum)
    {
    }

    /// <inheritdoc/>
    public bool Any(bool condition) => condition;
}
