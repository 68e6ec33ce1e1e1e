using IlqrVae.Numerics;

namespace IlqrVae.Runs.Sweeps;

/// <summary>How a sweep looks for good settings.</summary>
public enum SweepSearch
{
    /// <summary>Every combination of the listed values.</summary>
    Grid,

    /// <summary>Points that fill the space of settings evenly.</summary>
    Random,

    /// <summary>Points of either kind, of which most end early: asynchronous successive halving (Li et al., "A system for massively parallel hyperparameter tuning", 2020).</summary>
    Halving,
}

/// <summary>One combination of settings.</summary>
/// <param name="Number">Its number, from 1.</param>
/// <param name="Settings">Keys and values, in the order of the sweep's file.</param>
public sealed record SweepPoint(int Number, IReadOnlyList<(string Key, string Value)> Settings);

/// <summary>What a sweep is to try.</summary>
public sealed record SweepPlan
{
    /// <summary>The most points of a sweep.</summary>
    public const int MostPoints = 100_000;

    /// <summary>The configuration that every training begins with.</summary>
    public required string Configuration { get; init; }

    /// <summary>How it searches.</summary>
    public SweepSearch Search { get; init; }

    /// <summary>What varies.</summary>
    public required IReadOnlyList<SweepKey> Keys { get; init; }

    /// <summary>Number of points.</summary>
    public int Count { get; init; }

    /// <summary>Whether the points are all combinations of listed values, as those of a grid are.</summary>
    public bool HasAllCombinations { get; init; }

    /// <summary>Trainings of each point, with the configuration's seed and those that follow it.</summary>
    public int Seeds { get; init; } = 1;

    /// <summary>Of how many points that reach a rung one goes on to the next.</summary>
    public int HalveBy { get; init; } = 3;

    /// <summary>Number of rungs of a halving, the last of which is a whole training.</summary>
    public int HalvingRungs { get; init; } = 3;

    /// <summary>Number of rungs; one where every training goes to its end.</summary>
    public int Rungs => Search == SweepSearch.Halving ? HalvingRungs : 1;

    /// <summary>The points. They are a function of the plan alone: any number of machines make the same.</summary>
    public IReadOnlyList<SweepPoint> Points() => [.. Enumerable.Range(0, Count).Select(i => new SweepPoint(i + 1, HasAllCombinations ? OfGrid(i) : OfRandom(i)))];

    /// <summary>Updates after which a training has reached a rung: of the last all; before, a whole number of validations.</summary>
    /// <param name="rung">The rung, from 0.</param>
    /// <param name="iterations">Those of a whole training.</param>
    /// <param name="interval">Those between two validations.</param>
    public int IterationsAt(int rung, int iterations, int interval)
    {
        var share = iterations / Math.Pow(HalveBy, Rungs - 1 - rung);
        return rung == Rungs - 1 ? iterations : Math.Min(iterations, Math.Max(1, (int)Math.Round(share / interval)) * interval);
    }

    /// <summary>A combination of the listed values: the last key varies fastest.</summary>
    private List<(string Key, string Value)> OfGrid(int index)
    {
        var settings = new List<(string Key, string Value)>();
        foreach (var key in Keys.Reverse().Cast<ListedKey>())
        {
            settings.Insert(0, (key.Path, key.Values[index % key.Values.Count]));
            index /= key.Values.Count;
        }

        return settings;
    }

    /// <summary>
    /// A point of an additive recurrence, whose steps are powers of the root of x^(d + 1) = x + 1 (Roberts, "The unreasonable effectiveness of quasirandom sequences",
    /// 2018): however many there are, they fill the space evenly. Where it begins is random, of seed 0.
    /// </summary>
    private List<(string Key, string Value)> OfRandom(int index)
    {
        var root = 2.0;
        for (var i = 0; i < 60; i++)
        {
            root = Math.Pow(1 + root, 1.0 / (Keys.Count + 1));
        }

        var random = new CounterRandom(0, RandomStreams.SweepPoints);
        return [.. Keys.Select((key, i) =>
        {
            var place = random.NextDouble() + ((index + 1) * Math.Pow(1 / root, i + 1));
            return (key.Path, key.At(place - Math.Floor(place)));
        })];
    }
}
