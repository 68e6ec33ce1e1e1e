using IlqrVae.Data.Import.Arrays;

namespace IlqrVae.Data.Import;

/// <summary>Counts of some units in the window and in the bins after it.</summary>
/// <param name="First">Those of the window.</param>
/// <param name="Second">Those of the bins behind; null where there are none.</param>
/// <param name="Channel">The first unit in the arrays.</param>
/// <param name="Channels">Number of units.</param>
internal sealed record TensorBlock(ArrayView First, ArrayView? Second, int Channel, int Channels)
{
    /// <summary>Whether the second array begins behind the first, and not with it.</summary>
    public bool IsBehind { get; init; }

    /// <summary>Bins of the window and those behind it.</summary>
    public int Bins => Second is null ? First.Shape[1] : IsBehind ? First.Shape[1] + Second.Shape[1] : Second.Shape[1];

    /// <summary>A count; NaN where there is none.</summary>
    public double At(int trial, int bin, int unit) =>
        bin < First.Shape[1] ? First[trial, bin, Channel + unit]
        : Second is null || bin >= Bins ? double.NaN
        : Second[trial, IsBehind ? bin - First.Shape[1] : bin, Channel + unit];
}
