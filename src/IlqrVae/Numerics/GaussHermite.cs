namespace IlqrVae.Numerics;

/// <summary>Gauss-Hermite quadrature for averages over the standard normal distribution.</summary>
public static class GaussHermite
{
    /// <summary>Number of points: exact for polynomials of degree 39.</summary>
    public const int Count = 20;

    private static readonly (double[] Points, double[] Weights) Rule = Make(Count);

    /// <summary>The points.</summary>
    public static ReadOnlySpan<double> Points => Rule.Points;

    /// <summary>Their weights, which sum to one.</summary>
    public static ReadOnlySpan<double> Weights => Rule.Weights;

    /// <summary>Points and weights for the standard normal distribution, by Newton's method on the orthonormal Hermite polynomials.</summary>
    private static (double[] Points, double[] Weights) Make(int count)
    {
        var points = new double[count];
        var weights = new double[count];
        for (var i = 0; i < (count + 1) / 2; i++)
        {
            // Zeros of the physicists' polynomial from the largest; each guess from the ones before (Press et al., Numerical Recipes).
            var x = i switch
            {
                0 => Math.Sqrt((2 * count) + 1) - (1.85575 * Math.Pow((2 * count) + 1, -0.16667)),
                1 => points[0] - (1.14 * Math.Pow(count, 0.426) / points[0]),
                2 => (1.86 * points[1]) - (0.86 * points[0]),
                3 => (1.91 * points[2]) - (0.91 * points[1]),
                _ => (2 * points[i - 1]) - points[i - 2],
            };
            var slope = 0.0;
            for (var iteration = 0; iteration < 100; iteration++)
            {
                var value = Math.Pow(Math.PI, -0.25);
                var previous = 0.0;
                for (var j = 0; j < count; j++)
                {
                    (value, previous) = ((x * Math.Sqrt(2.0 / (j + 1)) * value) - (Math.Sqrt((double)j / (j + 1)) * previous), value);
                }

                slope = Math.Sqrt(2.0 * count) * previous;
                var step = value / slope;
                x -= step;
                if (Math.Abs(step) < 1e-15 * Math.Max(1, Math.Abs(x)))
                {
                    break;
                }
            }

            points[i] = x;
            points[count - 1 - i] = -x;
            weights[i] = weights[count - 1 - i] = 2 / (slope * slope);
        }

        // From the weight exp(-x^2) to the standard normal density.
        return ([.. points.Select(x => x * Math.Sqrt(2))], [.. weights.Select(w => w / Math.Sqrt(Math.PI))]);
    }
}
