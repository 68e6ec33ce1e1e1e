namespace IlqrVae.Benchmarking.SelfTest;

/// <summary>How far numbers are from others.</summary>
internal static class Deviations
{
    public static double Norm(IEnumerable<double> values) => Math.Sqrt(values.Sum(value => value * value));

    /// <summary>The largest difference; infinite where there are not as many, NaN where one is not a number.</summary>
    public static double Largest(IReadOnlyList<double> expected, IReadOnlyList<double> actual)
    {
        if (expected.Count != actual.Count)
        {
            return double.PositiveInfinity;
        }

        return Worst(expected.Zip(actual, (one, other) => Math.Abs(other - one)));
    }

    /// <summary>The largest of some deviations; where one is not a number, that.</summary>
    public static double Worst(IEnumerable<double> deviations) => deviations.Aggregate(0.0, Math.Max);

    /// <summary>The largest difference over the norm of what is expected.</summary>
    public static double Relative(IReadOnlyList<double> expected, IReadOnlyList<double> actual) => Largest(expected, actual) / Norm(expected);

    /// <summary>The largest difference of a number over its size, or over one where it is smaller.</summary>
    public static double OfEach(IReadOnlyList<double> expected, IReadOnlyList<double> actual)
        => expected.Count != actual.Count ? double.PositiveInfinity
            : Largest([.. expected.Select(value => value / Math.Max(1, Math.Abs(value)))], [.. actual.Zip(expected, (value, size) => value / Math.Max(1, Math.Abs(size)))]);

    /// <summary>Zero where all bits are the same, else one.</summary>
    public static double OfBits(IReadOnlyList<double> expected, IReadOnlyList<double> actual)
        => expected.Count == actual.Count && expected.Zip(actual).All(pair => BitConverter.DoubleToInt64Bits(pair.First) == BitConverter.DoubleToInt64Bits(pair.Second)) ? 0 : 1;
}
