using IlqrVae.Data.Import.Arrays;
using IlqrVae.Recordings;

namespace IlqrVae.Data.Import;

/// <summary>The trials of one split.</summary>
/// <param name="Stem">How the names of its arrays begin.</param>
/// <param name="Split">The split.</param>
/// <param name="Trials">Number of trials.</param>
/// <param name="Window">Bins of the window.</param>
/// <param name="Bins">Bins of the window and those behind it.</param>
/// <param name="HeldIn">Counts of the units that are seen.</param>
/// <param name="HeldOut">Counts of the units that are to be predicted.</param>
internal sealed record TensorPart(string Stem, TrialSplit Split, int Trials, int Window, int Bins, TensorBlock HeldIn, TensorBlock HeldOut)
{
    public ArrayView? Behaviour { get; init; }

    public ArrayView? Inputs { get; init; }

    public ArrayView? Rates { get; init; }

    public double[]? Conditions { get; init; }

    public required IReadOnlyList<(string Name, double[] Values)> Labels { get; init; }

    /// <summary>Every count there is.</summary>
    public IEnumerable<double> All()
    {
        foreach (var block in (TensorBlock[])[HeldIn, HeldOut])
        {
            for (var trial = 0; trial < Trials; trial++)
            {
                for (var bin = 0; bin < block.Bins; bin++)
                {
                    for (var unit = 0; unit < block.Channels; unit++)
                    {
                        yield return block.At(trial, bin, unit);
                    }
                }
            }
        }
    }

    public void AddRates(LfadsRates rates)
    {
        if (Rates is null)
        {
            return;
        }

        for (var trial = 0; trial < Trials; trial++)
        {
            for (var bin = 0; bin < Math.Min(Bins, Rates.Shape[1]); bin++)
            {
                for (var unit = 0; unit < Math.Min(HeldIn.Channels + HeldOut.Channels, Rates.Shape[2]); unit++)
                {
                    rates.Add(unit < HeldIn.Channels ? HeldIn.At(trial, bin, unit) : HeldOut.At(trial, bin, unit - HeldIn.Channels), Rates[trial, bin, unit]);
                }
            }
        }
    }
}
