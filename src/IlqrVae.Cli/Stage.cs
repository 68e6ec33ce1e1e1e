using System.Diagnostics;
using IlqrVae.Runs;

namespace IlqrVae.Cli;

/// <summary>Work whose progress is shown: how much is done, if that can be told, and what else there is to say.</summary>
/// <param name="name">What is being done, as "inferring".</param>
internal sealed class Stage(string name) : IProgress<double>
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private double _done;
    private double _total;
    private double _secondsLeft = double.NaN;
    private Func<string>? _details;

    /// <summary>Says how far it is.</summary>
    /// <param name="done">What is done.</param>
    /// <param name="total">What there is; 0 where nobody knows.</param>
    /// <param name="details">What else there is to say, asked each time it is shown; null for nothing.</param>
    /// <param name="secondsLeft">Seconds left; NaN to go by the time so far.</param>
    public void Set(double done, double total, Func<string>? details = null, double secondsLeft = double.NaN)
        => (_done, _total, _details, _secondsLeft) = (done, total, details, secondsLeft);

    /// <inheritdoc/>
    public void Report(double value)
    {
        // Several threads tell in no order.
        if (value > _done)
        {
            Set(value, 1);
        }
    }

    /// <summary>The line, with a bar where the screen has one, never longer than the screen.</summary>
    /// <param name="screen">Where it is shown.</param>
    /// <returns>The part of the bar that is full, the rest of it, and the words.</returns>
    public (string Full, string Empty, string Words) Line(Screen screen)
    {
        var now = _clock.Elapsed.TotalSeconds;
        var share = _total > 0 ? Math.Clamp(_done / _total, 0, 1) : double.NaN;
        var left = double.IsFinite(_secondsLeft) ? _secondsLeft : _done > 0 && _total > 0 && now > 1 ? now * (_total - _done) / _done : double.NaN;
        var details = _details?.Invoke();
        var words = $"{name}{(double.IsFinite(share) ? $" {Wording.Number(100 * share, "0")} %" : "")}{(string.IsNullOrEmpty(details) ? "" : $"  {details}")}  {Wording.Duration(Math.Floor(now))}"
            + (double.IsFinite(left) && share < 1 ? $", {Wording.Duration(left)} left" : "");
        if (!screen.IsLive)
        {
            return ("", "", words);
        }

        // The last column stays free: a character there moves the cursor to the next line on some terminals.
        var width = screen.Width() - 1;
        var bar = double.IsFinite(share) ? Math.Clamp(width - words.Length - 3, 0, 30) : 0;
        if (bar < 5)
        {
            return ("", "", words.Length > width ? words[..Math.Max(0, width)] : words);
        }

        var full = (int)Math.Round(share * bar);
        return (new string(screen.IsUnicode ? '\u2588' : '#', full), new string(screen.IsUnicode ? '\u2591' : '-', bar - full), $"  {words}");
    }
}
