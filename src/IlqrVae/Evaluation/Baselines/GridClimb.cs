namespace IlqrVae.Evaluation.Baselines;

/// <summary>Looks for the best point of a grid of settings, whose scores rise to one hill, by going to the best neighbour as long as there is a better one.</summary>
internal static class GridClimb
{
    /// <summary>Climbs.</summary>
    /// <param name="sizes">Number of settings along each axis.</param>
    /// <param name="start">Where to start.</param>
    /// <param name="score">The score of a point, the higher the better; asked once a point. NaN is worse than all.</param>
    /// <returns>The best point and its score.</returns>
    public static (int[] Point, double Score) Climb(IReadOnlyList<int> sizes, IReadOnlyList<int> start, Func<int[], double> score)
    {
        var known = new Dictionary<string, double>(StringComparer.Ordinal);
        double Of(int[] point)
        {
            var key = string.Join(',', point);
            if (!known.TryGetValue(key, out var value))
            {
                value = score(point);
                known[key] = value = double.IsNaN(value) ? double.NegativeInfinity : value;
            }

            return value;
        }

        int[] best = [.. start.Select((at, axis) => Math.Clamp(at, 0, sizes[axis] - 1))];
        var top = Of(best);
        while (true)
        {
            var (next, better) = (best, top);
            for (var axis = 0; axis < best.Length; axis++)
            {
                foreach (var step in (int[])[-1, 1])
                {
                    int[] point = [.. best];
                    point[axis] += step;
                    if (point[axis] >= 0 && point[axis] < sizes[axis] && Of(point) is var found && found > better)
                    {
                        (next, better) = (point, found);
                    }
                }
            }

            if (next == best)
            {
                return (best, top);
            }

            (best, top) = (next, better);
        }
    }
}
