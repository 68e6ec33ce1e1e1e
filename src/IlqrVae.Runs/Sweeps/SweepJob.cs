using System.Globalization;

namespace IlqrVae.Runs.Sweeps;

/// <summary>One piece of work: a training of a point with one seed, up to a rung.</summary>
/// <param name="Point">The point's number, from 1.</param>
/// <param name="Seed">Which of its seeds, from 1.</param>
/// <param name="Rung">The rung, from 0.</param>
public readonly record struct SweepJob(int Point, int Seed, int Rung)
{
    /// <summary>What the training is called: it is the same on all rungs.</summary>
    public string Training => FormattableString.Invariant($"{Point:D4}-seed{Seed}");

    /// <summary>What the job is called.</summary>
    public string Name => FormattableString.Invariant($"{Training}-rung{Rung}");

    /// <summary>The job of a name; null for what is no job's.</summary>
    internal static SweepJob? Of(string name)
    {
        var parts = name.Split('-');
        return parts is [var point, ['s', 'e', 'e', 'd', .. var seed], ['r', 'u', 'n', 'g', .. var rung]]
            && int.TryParse(point, NumberStyles.None, CultureInfo.InvariantCulture, out var p) && int.TryParse(seed, NumberStyles.None, CultureInfo.InvariantCulture, out var s)
            && int.TryParse(rung, NumberStyles.None, CultureInfo.InvariantCulture, out var r)
            ? new SweepJob(p, s, r)
            : null;
    }
}

/// <summary>What came of a job.</summary>
/// <param name="Job">The job.</param>
/// <param name="Iterations">Updates so far.</param>
/// <param name="BestIteration">Those of the parameters kept.</param>
/// <param name="ValidationLoss">Their validation loss; NaN where numbers overflowed.</param>
/// <param name="Seconds">Seconds of training so far.</param>
public sealed record SweepResult(SweepJob Job, int Iterations, int BestIteration, double ValidationLoss, double Seconds)
{
    /// <summary>The loss to be compared: what is not a number is worse than any.</summary>
    public double Loss => double.IsFinite(ValidationLoss) ? ValidationLoss : double.PositiveInfinity;
}
