using IlqrVae.Recordings;
using IlqrVae.Runs.Configuration;
using IlqrVae.Runs.Files;

namespace IlqrVae.Runs.Tests;

/// <summary>A small recording of everything: spikes with names, values with a mask and a unit, external inputs, truth, trials of unequal lengths.</summary>
internal static class Example
{
    private static readonly int[] Lengths = [6, 9, 4, 7];

    public static Recording Recording(
        IReadOnlyList<string>? neurons = null, string unit = "m/s", IReadOnlyList<string>? external = null, string firstTrial = "trial-0",
        TrialSplit lastSplit = TrialSplit.Test, double binWidth = 0.01, ChannelKind kind = ChannelKind.Counts, Func<int, int, int, double>? count = null)
        => new()
        {
            BinWidth = binWidth,
            Source = "made up",
            Groups = [new ChannelGroup("spikes", kind, 3, "", neurons ?? ["a", "b", "c"]), new ChannelGroup("velocity", ChannelKind.Values, 2, unit)],
            ExternalNames = external ?? ["light", "sound"],
            Trials = [.. Lengths.Select((bins, k) => Trial(k, bins, k == 0 ? firstTrial : $"trial-{k}", k == Lengths.Length - 1 ? lastSplit : k == 1 ? TrialSplit.Validation : TrialSplit.Train, count ?? Count, kind))],
        };

    public static ModelDescription Description(Recording recording)
        => ModelDescription.Of(
            new RunConfiguration { Data = "data.h5", Model = new Models.ModelSpecification { States = 2, Inputs = 1 } }.CompletedFor(recording), recording);

    public static double Count(int trial, int bin, int channel) => ((3 * trial) + bin + (5 * channel)) % 4;

    public static Table Table(int bins, int columns, Func<int, int, double> entry)
        => new(bins, columns, [.. Enumerable.Range(0, bins * columns).Select(i => entry(i / columns, i % columns))]);

    private static Trial Trial(int k, int bins, string name, TrialSplit split, Func<int, int, int, double> count, ChannelKind kind) => new()
    {
        Name = name,
        Bins = bins,
        Split = split,
        Observations =
        [
            Observations.Of(kind, Table(bins, 3, (t, c) => count(k, t, c)), [.. Enumerable.Range(0, bins * 3).Select(i => i != 4)]),
            Observations.FromValues(Table(bins, 2, (t, c) => Math.Sin(k + t + c))),
        ],
        External = Table(bins, 2, (t, c) => Math.Cos(k + (2 * t) + c)),
        Truth = new Dictionary<string, Table>(StringComparer.Ordinal)
        {
            ["rates"] = Table(bins, 3, (t, c) => k + t + (0.1 * c)),
            ["states"] = Table(bins, 2, (t, c) => Math.Sin(t + c)),
            ["inputs"] = Table(bins, 1, (t, c) => t == 2 ? 1 : 0),
            ["condition"] = Table(bins, 1, (t, c) => k % 2),
        },
    };
}
