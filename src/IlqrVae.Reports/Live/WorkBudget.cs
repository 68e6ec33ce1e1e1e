namespace IlqrVae.Reports.Live;

/// <summary>Keeps work that comes again and again to a share of the time that passes, whatever it costs.</summary>
/// <param name="share">The share.</param>
/// <param name="interval">The least time from one to the next, in seconds.</param>
/// <param name="allowance">Seconds of work that may be done beyond the share, once.</param>
internal sealed class WorkBudget(double share, double interval, double allowance)
{
    private double _spent;
    private double _expected;
    private double _last = double.NegativeInfinity;

    /// <summary>Gets the seconds that were spent.</summary>
    public double Spent => _spent;

    /// <summary>Says what the next work will cost, where none was done yet.</summary>
    /// <param name="seconds">Seconds of work.</param>
    public void Expect(double seconds) => _expected = _spent == 0 ? seconds : _expected;

    /// <summary>When the next work may be done.</summary>
    /// <returns>Seconds since the beginning.</returns>
    public double Due() => Math.Max(_last + interval, (_spent + _expected - allowance) / share);

    /// <summary>Takes note of work.</summary>
    /// <param name="from">When it began, in seconds since the beginning.</param>
    /// <param name="to">When it ended.</param>
    public void Done(double from, double to)
    {
        _spent += to - from;

        // The first time is longer than the others, since programs are compiled then.
        _expected = _last < 0 ? 0.5 * (to - from) : to - from;
        _last = from;
    }
}
