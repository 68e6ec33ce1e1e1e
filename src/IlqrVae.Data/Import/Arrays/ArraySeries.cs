using IlqrVae.Data.Import.Timed;

namespace IlqrVae.Data.Import.Arrays;

/// <summary>Samples of behaviour that stand in arrays, in one piece or a piece a trial.</summary>
/// <param name="name">What to call it in messages.</param>
/// <param name="unit">Unit of the values.</param>
/// <param name="pieces">Times in seconds, and samples x channels, in the order of time.</param>
internal sealed class ArraySeries(string name, string unit, IReadOnlyList<(double[] Times, ArrayView Values)> pieces) : ITimedSeries
{
    public string Name => name;

    public string Unit => unit;

    public int Channels => pieces[0].Values.Shape[1];

    public IReadOnlyList<string>? ChannelNames => null;

    public int Samples { get; } = pieces.Sum(piece => piece.Times.Length);

    public (double Start, double Rate)? Clock => null;

    public void ReadTimes(int first, Span<double> times)
    {
        var i = 0;
        foreach (var (piece, sample) in From(first, times.Length))
        {
            times[i++] = pieces[piece].Times[sample];
        }
    }

    public void ReadValues(int first, int count, Span<double> values)
    {
        var i = 0;
        foreach (var (piece, sample) in From(first, count))
        {
            for (var channel = 0; channel < Channels; channel++)
            {
                values[i++] = pieces[piece].Values[sample, channel];
            }
        }
    }

    private IEnumerable<(int Piece, int Sample)> From(int first, int count)
    {
        var piece = 0;
        while (piece < pieces.Count && first >= pieces[piece].Times.Length)
        {
            first -= pieces[piece++].Times.Length;
        }

        for (; count > 0; count--, first++)
        {
            while (first >= pieces[piece].Times.Length)
            {
                (first, piece) = (0, piece + 1);
            }

            yield return (piece, first);
        }
    }
}
