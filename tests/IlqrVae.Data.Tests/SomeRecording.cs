using IlqrVae.Recordings;

namespace IlqrVae.Data.Tests;

/// <summary>Recordings for the tests, and what it means that two are the same.</summary>
internal static class SomeRecording
{
    /// <summary>Trials of different lengths, counts and values, a mask, external inputs and truth, all drawn from a seed.</summary>
    public static Recording Draw(int seed)
    {
        var random = new Random(seed);
        var groups = new List<ChannelGroup>();
        var largest = random.Next(3) switch { 0 => 9, 1 => 1000, _ => 100_000 };
        for (var g = random.Next(1, 4); g > 0; g--)
        {
            var channels = random.Next(1, 6);
            var isCounts = random.Next(2) == 0;
            var names = random.Next(2) == 0 ? Enumerable.Range(0, channels).Select(channel => $"neurone {channel} é").ToArray() : null;
            groups.Add(new ChannelGroup($"area {g}", isCounts ? ChannelKind.Counts : ChannelKind.Values, channels, isCounts ? "" : "m/s", names));
        }

        var external = random.Next(3);
        var hasTruth = random.Next(2) == 0;
        var hasSessions = random.Next(2) == 0;
        var trials = new List<Trial>();
        for (var t = random.Next(1, 7); t > 0; t--)
        {
            var bins = random.Next(1, 40);
            var truth = new Dictionary<string, Table>(StringComparer.Ordinal);
            if (hasTruth && random.Next(4) > 0)
            {
                truth["states"] = Values(random, bins, 3);
            }

            trials.Add(new Trial
            {
                Name = $"trial {t}",
                Bins = bins,
                Split = (TrialSplit)random.Next(3),
                Session = hasSessions ? $"day {random.Next(3)}" : "",
                Observations = [.. groups.Select(group => Observe(random, group, bins, largest))],
                External = external > 0 ? Values(random, bins, external) : null,
                Truth = truth,
            });
        }

        return new Recording
        {
            BinWidth = random.NextDouble() + 1e-3,
            Groups = groups,
            ExternalNames = [.. Enumerable.Range(0, external).Select(input => $"cue {input}")],
            Trials = trials,
            Source = "drawn",
        };
    }

    /// <summary>One group of counts of one channel in one trial.</summary>
    public static Recording OfCounts(params double[] counts) => new()
    {
        BinWidth = 0.01,
        Groups = [new ChannelGroup("spikes", ChannelKind.Counts, 1)],
        Trials = [new Trial { Name = "only", Bins = counts.Length, Observations = [Observations.FromCounts(new Table(counts.Length, 1, counts))] }],
    };

    /// <summary>Numbers that may be no counts in a group that says it holds counts.</summary>
    public static Recording OfAllegedCounts(params double[] numbers)
    {
        var recording = OfCounts([.. numbers.Select(_ => 0.0)]);
        return recording with { Trials = [recording.Trials[0] with { Observations = [Observations.FromValues(new Table(numbers.Length, 1, numbers))] }] };
    }

    public static void AssertSame(Recording expected, Recording actual)
    {
        Assert.Equal(expected.BinWidth, actual.BinWidth);
        Assert.Equal(expected.Source, actual.Source);
        Assert.Equal(expected.ExternalNames, actual.ExternalNames);
        Assert.Equal(expected.Groups.Count, actual.Groups.Count);
        foreach (var (one, other) in expected.Groups.Zip(actual.Groups))
        {
            Assert.Equal(one with { ChannelNames = null }, other with { ChannelNames = null });
            Assert.Equal(one.ChannelNames, other.ChannelNames);
        }

        Assert.Equal(expected.Trials.Count, actual.Trials.Count);
        foreach (var (one, other) in expected.Trials.Zip(actual.Trials))
        {
            Assert.Equal((one.Name, one.Bins, one.Split, one.Session), (other.Name, other.Bins, other.Split, other.Session));
            foreach (var (data, read) in one.Observations.Zip(other.Observations))
            {
                Assert.Equal(data.AreCounts, read.AreCounts);
                Assert.Equal(data.ToTable().Values, read.ToTable().Values);
                Assert.Equal(data.ToMask(), read.ToMask());
            }

            Assert.Equal(one.External?.Values, other.External?.Values);
            Assert.Equal(string.Join(',', one.Truth.Keys), string.Join(',', other.Truth.Keys));
            foreach (var name in one.Truth.Keys)
            {
                Assert.Equal(one.Truth[name].Values, other.Truth[name].Values);
            }
        }
    }

    private static Table Values(Random random, int bins, int columns)
    {
        var table = new Table(bins, columns);
        for (var i = 0; i < table.Values.Length; i++)
        {
            table.Values[i] = random.NextDouble() - 0.5;
        }

        return table;
    }

    private static Observations Observe(Random random, ChannelGroup group, int bins, int largest)
    {
        var table = Values(random, bins, group.Channels);
        bool[]? observed = null;
        if (random.Next(3) == 0)
        {
            observed = [.. table.Values.Select(_ => random.Next(4) > 0)];
            observed[random.Next(observed.Length)] = false;
        }

        for (var i = 0; i < table.Values.Length; i++)
        {
            var value = group.Kind == ChannelKind.Counts ? random.Next(largest) : table.Values[i];
            table.Values[i] = observed is null || observed[i] ? value : 0;
        }

        return Observations.Of(group.Kind, table, observed);
    }
}
