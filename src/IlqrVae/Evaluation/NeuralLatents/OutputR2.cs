namespace IlqrVae.Evaluation.NeuralLatents;

/// <summary>R2 of every output as the Neural Latents Benchmark counts it: one that does not vary scores 0, or 1 where it is met exactly.</summary>
internal static class OutputR2
{
    /// <summary>1 - residual / total, with what stands in its place for outputs that do not vary.</summary>
    /// <param name="residual">Sum of squares of what is left.</param>
    /// <param name="total">Sum of squares about the mean.</param>
    /// <param name="mean">The mean, of which <paramref name="total"/> holds the rounding.</param>
    /// <param name="rows">Number of rows.</param>
    public static double Of(double residual, double total, double mean, long rows)
    {
        // The mean of equal numbers can miss them by a rounding error; that is no variance.
        var rounding = 1e-15 * Math.Abs(mean) * rows;
        return total > rounding * rounding ? 1 - (residual / total) : residual == 0 ? 1 : 0;
    }
}
