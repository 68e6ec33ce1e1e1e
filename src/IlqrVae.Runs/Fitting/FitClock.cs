using System.Diagnostics;

namespace IlqrVae.Runs.Fitting;

/// <summary>The time that a fit has taken, over all sessions: what was done in one that was stopped counts, what was lost with it does not.</summary>
/// <param name="assumed">Seconds that any update is taken to cost; null to go by the clock.</param>
internal sealed class FitClock(double? assumed)
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private double _before;
    private long _updates;

    /// <summary>Seconds so far.</summary>
    public double Elapsed => Volatile.Read(ref _before) + _clock.Elapsed.TotalSeconds;

    /// <summary>Seconds so far for the plans that are made: by the clock, or of updates by what they are taken to cost.</summary>
    public double Reckoned => assumed is { } pace ? pace * _updates : Elapsed;

    /// <summary>Takes note of updates that were done.</summary>
    public void Spend(int updates) => _updates += updates;

    /// <summary>Takes note that something was done so many seconds into the fit.</summary>
    public void AtLeast(double seconds) => Volatile.Write(ref _before, Math.Max(_before, seconds - _clock.Elapsed.TotalSeconds));
}
