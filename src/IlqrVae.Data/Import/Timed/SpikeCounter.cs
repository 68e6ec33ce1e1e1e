using IlqrVae.Recordings;

namespace IlqrVae.Data.Import.Timed;

/// <summary>
/// Counts spikes in the bins of many trials while the spike times pass by, in any order and once only. Trials may overlap. A count takes one byte, and two or
/// four where a trial needs them.
/// </summary>
internal sealed class SpikeCounter
{
    private readonly TimeGrid[] _grids;
    private readonly int _units;
    private readonly Array[] _counts;

    // Trials by their starts, and the latest end of each and all before it: how far back a spike can still be in one.
    private readonly int[] _order;
    private readonly long[] _starts;
    private readonly long[] _ends;
    private readonly long[] _latest;
    private int _hint;

    public SpikeCounter(IReadOnlyList<TimeGrid> grids, int units)
    {
        _grids = [.. grids];
        _units = units;
        _counts = [.. grids.Select(grid => (Array)new byte[(long)grid.Bins * units])];
        _order = [.. Enumerable.Range(0, _grids.Length).OrderBy(i => _grids[i].Edge(0))];
        _starts = Array.ConvertAll(_order, i => _grids[i].Span.Start);
        _ends = Array.ConvertAll(_order, i => _grids[i].Span.End);
        _latest = new long[_order.Length];
        for (var i = 0; i < _order.Length; i++)
        {
            _latest[i] = Math.Max(_ends[i], i > 0 ? _latest[i - 1] : long.MinValue);
        }
    }

    /// <summary>Spikes whose time is no number.</summary>
    public long Odd { get; private set; }

    /// <summary>Counts the spikes of a unit.</summary>
    public void Add(int unit, ReadOnlySpan<double> seconds)
    {
        foreach (var time in seconds)
        {
            if (!Nanoseconds.CanHold(time))
            {
                Odd++;
                continue;
            }

            Add(unit, Nanoseconds.Of(time), 1);
        }
    }

    /// <summary>Counts several spikes of a unit at a time in nanoseconds.</summary>
    public void Add(int unit, long time, int spikes)
    {
        for (var i = Last(time); i >= 0 && _latest[i] > time; i--)
        {
            if (_ends[i] > time)
            {
                var trial = _order[i];
                var grid = _grids[trial];
                Increment(trial, ((long)grid.BinOf(time) * _units) + unit, spikes);
            }
        }
    }

    /// <summary>The counts of a trial, which are then forgotten here.</summary>
    /// <param name="trial">The trial.</param>
    /// <param name="observed">Row-major bins x units, false where missing; empty when everything was observed.</param>
    public Observations Take(int trial, ReadOnlySpan<bool> observed)
    {
        var counts = _counts[trial];
        _counts[trial] = Array.Empty<byte>();
        var bins = _grids[trial].Bins;
        return counts switch
        {
            byte[] small => Observations.FromCounts<byte>(bins, _units, small, observed),
            ushort[] medium => Observations.FromCounts<ushort>(bins, _units, medium, observed),
            _ => Observations.FromCounts<int>(bins, _units, (int[])counts, observed),
        };
    }

    /// <summary>The last trial that starts no later; -1 where there is none. Spikes mostly come in order.</summary>
    private int Last(long time)
    {
        var i = _hint;
        if (i >= 0 && i < _starts.Length && _starts[i] <= time)
        {
            for (var steps = 0; steps < 4; steps++)
            {
                if (i + 1 == _starts.Length || _starts[i + 1] > time)
                {
                    return _hint = i;
                }

                i++;
            }
        }

        var found = Array.BinarySearch(_starts, time);
        found = found < 0 ? ~found - 1 : found;
        while (found + 1 < _starts.Length && found >= 0 && _starts[found + 1] == time)
        {
            found++;
        }

        _hint = found;
        return found;
    }

    private void Increment(int trial, long entry, int spikes)
    {
        switch (_counts[trial])
        {
            case byte[] small when small[entry] + (long)spikes <= byte.MaxValue:
                small[entry] += (byte)spikes;
                break;
            case byte[] small:
                _counts[trial] = Array.ConvertAll(small, count => (ushort)count);
                Increment(trial, entry, spikes);
                break;
            case ushort[] medium when medium[entry] + (long)spikes <= ushort.MaxValue:
                medium[entry] += (ushort)spikes;
                break;
            case ushort[] medium:
                _counts[trial] = Array.ConvertAll(medium, count => (int)count);
                Increment(trial, entry, spikes);
                break;
            case int[] large:
                large[entry] = (int)Math.Min(int.MaxValue, large[entry] + (long)spikes);
                break;
            default:
                throw new InvalidOperationException("The counts of this trial were taken already.");
        }
    }
}
