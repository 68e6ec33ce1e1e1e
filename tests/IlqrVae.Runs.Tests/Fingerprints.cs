using System.Security.Cryptography;
using System.Text;
using IlqrVae.Data;
using IlqrVae.Recordings;

namespace IlqrVae.Runs.Tests;

public sealed class Fingerprints
{
    public static TheoryData<string, Func<Recording>> Others => new()
    {
        { "channels", () => Example.Recording(neurons: ["a", "c", "b"]) },
        { "channels", () => Example.Recording(unit: "cm/s") },
        { "channels", () => Example.Recording(external: ["sound", "light"]) },
        { "channels", () => Example.Recording(binWidth: 0.010000001) },
        { "channels", () => Example.Recording(kind: ChannelKind.Values) },
        { "trials", () => Example.Recording(firstTrial: "trial-9") },
        { "trials", () => Example.Recording(lastSplit: TrialSplit.Train) },
        { "values", () => Example.Recording(count: (k, t, c) => Example.Count(k, t, c) + (k == 3 && t == 6 && c == 2 ? 1 : 0)) },
        { "values", () => Example.Recording(count: (k, t, c) => k == 0 && t == 2 && c == 0 ? 256 : Example.Count(k, t, c)) },
        { "values", () => Changed(values: table => table.Values[0] += 1e-9) },
        { "values", () => Changed(external: table => table.Values[^1] += 1e-9) },
        { "values", Masked },
    };

    [Theory]
    [MemberData(nameof(Others))]
    public void Every_difference_that_a_model_could_see_is_noticed_and_named(string what, Func<Recording> other)
    {
        var (one, two) = (RecordingFingerprint.Of(Example.Recording()), RecordingFingerprint.Of(other()));
        Assert.False(string.Equals(one.Whole, two.Whole, StringComparison.Ordinal));
        Assert.Contains(what, one.DifferenceFrom(two), StringComparison.Ordinal);
    }

    [Fact]
    public void What_no_model_sees_makes_no_difference()
    {
        var recording = Example.Recording();
        var same = new Recording
        {
            BinWidth = recording.BinWidth,
            Groups = recording.Groups,
            ExternalNames = recording.ExternalNames,
            Source = "elsewhere",
            Trials = [.. recording.Trials.Select(trial => trial with
            {
                Truth = new Dictionary<string, Table>(StringComparer.Ordinal),

                // Minus zero, a mask without missing entries, and what stands where an entry is missing.
                Observations =
                [
                    Observations.FromCounts(
                        Example.Table(trial.Bins, 3, (t, c) => t == 1 && c == 1 ? 77 : trial.Observations[0][t, c]), trial.Observations[0].ToMask()),
                    Observations.FromValues(
                        Example.Table(trial.Bins, 2, (t, c) => trial.Observations[1][t, c] is 0 ? -0.0 : trial.Observations[1][t, c]), [.. Enumerable.Repeat(true, trial.Bins * 2)]),
                ],
            })],
        };
        Assert.True(double.IsNegative(same.Trials[0].Observations[1][0, 0]));
        Assert.Equal(RecordingFingerprint.Of(recording), RecordingFingerprint.Of(same));
        Assert.Null(RecordingFingerprint.Of(recording).DifferenceFrom(RecordingFingerprint.Of(same)));
    }

    [Fact]
    public void A_file_of_it_has_the_same_fingerprint()
    {
        var folder = Directory.CreateTempSubdirectory("ilqr-vae-runs-");
        try
        {
            var path = Path.Combine(folder.FullName, "data.h5");
            RecordingFile.Write(path, Example.Recording());
            Assert.Equal(RecordingFingerprint.Of(Example.Recording()), RecordingFingerprint.Of(RecordingFile.Read(path)));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void It_is_SHA_256_of_the_documented_bytes()
    {
        var recording = new Recording
        {
            BinWidth = 0.5,
            Groups = [new ChannelGroup("é", ChannelKind.Counts, 2), new ChannelGroup("v", ChannelKind.Values, 1, "m", ["x"])],
            ExternalNames = ["l"],
            Trials =
            [
                new Trial
                {
                    Name = "t",
                    Bins = 1,
                    Split = TrialSplit.Test,
                    Observations = [Observations.FromCounts(new Table(1, 2, [254, 255])), Observations.FromValues(new Table(1, 1, [0]), [false])],
                    External = new Table(1, 1, [-2.5]),
                },
            ],
        };
        var found = RecordingFingerprint.Of(recording);
        Assert.Equal(Hash([.. Real(0.5), .. Whole(2), .. Text("é"), .. Text(""), 0, .. Whole(2), .. Whole(-1), .. Text("v"), .. Text("m"), 1, .. Whole(1), .. Whole(1), .. Text("x"), .. Whole(1), .. Text("l")]), found.Channels);
        Assert.Equal(Hash([.. Whole(1), .. Text("t"), 2, .. Whole(1)]), found.Trials);
        Assert.Equal(Hash([0, 254, 255, .. Real(255), 1, 0, .. Real(0), .. Real(-2.5)]), found.Values);
        Assert.Equal(Hash(Encoding.ASCII.GetBytes(found.Channels + found.Trials + found.Values)), found.Whole);

        static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
        static byte[] Whole(int value) => BitConverter.GetBytes(value);
        static byte[] Real(double value) => BitConverter.GetBytes(value);
        static byte[] Text(string text) => [.. Whole(Encoding.UTF8.GetByteCount(text)), .. Encoding.UTF8.GetBytes(text)];
    }

    private static Recording Changed(Action<Table>? values = null, Action<Table>? external = null)
    {
        var recording = Example.Recording();
        var table = recording.Trials[1].Observations[1].ToTable();
        values?.Invoke(table);
        external?.Invoke(recording.Trials[1].External!);
        return WithObservations(recording, 1, [recording.Trials[1].Observations[0], Observations.FromValues(table)]);
    }

    private static Recording Masked()
    {
        var recording = Example.Recording();
        var observations = recording.Trials[2].Observations;
        return WithObservations(recording, 2, [observations[0].Hide((bin, channel) => (3 * bin) + channel == 11), observations[1]]);
    }

    private static Recording WithObservations(Recording recording, int trial, IReadOnlyList<Observations> observations) => new()
    {
        BinWidth = recording.BinWidth,
        Groups = recording.Groups,
        ExternalNames = recording.ExternalNames,
        Trials = [.. recording.Trials.Select((one, i) => i == trial ? one with { Observations = observations } : one)],
    };
}
