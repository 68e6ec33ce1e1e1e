using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text;
using IlqrVae.Control;
using IlqrVae.Inference;
using IlqrVae.Recordings;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.Sessions;
using IlqrVae.Tests.Training;
using IlqrVae.Training.Processes;

namespace IlqrVae.Runs.Tests;

/// <summary>Inferences whose trials processes share: threads play the processes.</summary>
public sealed class SharedInferences(LearnedExample example) : IClassFixture<LearnedExample>
{
    private static readonly HashSet<string> Velocity = new(["velocity"], StringComparer.Ordinal);

    private static readonly InferenceRequest Everything = new()
    {
        Split = "all", Samples = 2, ElboDraws = 2, ImportanceSamples = 3, Horizons = [1, 3], Coverage = true, Noise = true, Intervals = true, InputEffects = true, Hidden = Velocity, Threads = 1,
    };

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(25)]
    public async Task Processes_find_what_one_finds_to_the_bit(int processes)
    {
        // The bounds of trials take a shared covariance, which intervals have no use for.
        foreach (var request in new[] { Everything, Everything with { Intervals = false } })
        {
            var alone = example.Infer(request);
            using var group = new ThreadGroup(processes);
            var together = await group.Run(process => example.Infer(request with { Processes = process }));
            Assert.Equal(Words(alone with { Seconds = 0, WorkerSeconds = 0 }, without: alone.Learned), Words(together[0] with { Seconds = 0, WorkerSeconds = 0 }, without: together[0].Learned));
            Assert.All(together.Skip(1), one => Assert.Equal((0, 0, 0, 0), (one.Trials.Count, one.Estimates.Count, one.Coverage.Count, one.Intervals.Count)));
            Assert.True(together[0].WorkerSeconds > 0);
        }

        // More processes than trials is one of the cases.
        Assert.True(example.Recording.Trials.Count is > 3 and < 25);
    }

    [Fact]
    public async Task Processes_calibrate_as_one_does()
    {
        var file = new RunFolder(example["run"]).Calibration;
        CalibrationOutcome Calibrate(IProcessGroup processes)
            => CalibrationSession.Run(example["run"], "data.h5", example.Recording, new CalibrationRequest { Split = "all", Hidden = Velocity, ForecastBins = 3, Threads = 1, Processes = processes });

        var alone = Calibrate(new OneProcess());
        var (words, stored) = (Words(alone), await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        File.Delete(file);
        using var group = new ThreadGroup(3);
        var together = await group.Run(Calibrate);
        Assert.Equal(words, Words(together[0]));
        Assert.Equal(stored, await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        Assert.All(together.Skip(1), one => Assert.Empty(one.Path));
        Assert.True(alone.Scores.Count > 1);
        File.Delete(file);
    }

    [Fact]
    public async Task What_one_process_meets_all_are_told()
    {
        using var group = new ThreadGroup(3);
        var reasons = await group.Run(process =>
        {
            var request = new InferenceRequest { Split = "all", Threads = 1, Processes = process, ForecastBins = process.Number == 1 ? 1000 : 0 };
            return Assert.Throws<InputException>(() => example.Infer(request)).Message;
        });
        Assert.Contains("--forecast: trial", Assert.Single(reasons.Distinct(StringComparer.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_is_asked_to_stop_stops_all()
    {
        using var group = new ThreadGroup(3);
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();
        await group.Run(process => Assert.Throws<OperationCanceledException>(() => InferenceSession.Run(
            example["run"], "data.h5", example.Recording, new InferenceRequest { Split = "all", Threads = 2, Processes = process }, null, process.Number == 2 ? stop.Token : CancellationToken.None)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1000)]
    [InlineData(int.MaxValue)]
    public async Task Findings_come_whole_whatever_the_pieces_they_come_in(int piece)
    {
        var found = example.Infer(new InferenceRequest { Split = "all", Threads = 1 });
        Trial[] trials = [.. found.Trials.Take(piece == 1 ? 2 : found.Trials.Count)];
        using var group = new ThreadGroup(piece == 1 ? 2 : 4);
        var received = await group.Run(process =>
        {
            var (shared, taken) = (new SharedTrials(process, trials, piece), new Dictionary<int, TrialFinding>());
            shared.Collect(i => new TrialFinding(piece == 1 ? found.Estimates[i] with { Means = [], MeanDeviations = [] } : found.Estimates[i], null, null, null), taken.Add);
            return (shared.Own, taken);
        });
        Assert.All(received.Skip(1), one => Assert.Empty(one.taken));
        Assert.Equal(Enumerable.Range(0, trials.Length), received[0].Own.Concat(received[0].taken.Keys).Order());
        Assert.All(received[0].taken, pair => Assert.Equal(Words(found.Estimates[pair.Key].States), Words(pair.Value.Estimate.States)));
        Assert.All(received[0].taken, pair => Assert.Equal(found.Estimates[pair.Key].Map, pair.Value.Estimate.Map));
    }

    [Fact]
    public void Every_part_of_a_finding_travels()
    {
        // What hardly any trial has: parts of the estimate that are at their usual values would not be missed.
        var found = example.Infer(Everything with { Intervals = false });
        var report = new SolveReport(SolverStatus.Stalled, 7, double.NaN, 3, 4, 5, 6);
        var finding = new TrialFinding(
            found.Estimates[1] with { Map = report, IsGaussNewton = true, Variables = [1, -0.0, double.NaN], ObservedCount = 1L << 40, Elbo = new ElboResult(1, 2, 3, report, 4, true) { Weight = 5 } },
            found.Coverage[1],
            null,
            new TrialIntervals([[found.Estimates[1].States], []], [[], [found.Estimates[1].Inputs]]));
        using var stream = new BlockStream();
        finding.Write(stream);
        Assert.Equal(Words(finding), Words(TrialFinding.Read(stream)));
        Assert.Equal(0, stream.Length);
        Assert.True(found.Coverage[1].Counts.Count > 2);
        Assert.All(typeof(TrialEstimate).GetProperties(), property => Assert.True(property.GetValue(finding.Estimate) is { } value && value is not IList { Count: 0 }, property.Name));
    }

    [Fact]
    public void A_stream_of_blocks_gives_what_it_was_given()
    {
        var bytes = new byte[600_000];
        new Random(1).NextBytes(bytes);
        using var stream = new BlockStream();
        stream.Write(bytes.AsSpan(0, 300_000));
        var read = new byte[bytes.Length];
        Assert.Equal(280_000, stream.Read(read.AsSpan(0, 280_000)));
        stream.Write(bytes.AsSpan(300_000));
        Assert.Equal(320_000, stream.Length);
        stream.ReadExactly(read.AsSpan(280_000));
        Assert.Equal(bytes, read);
        Assert.Equal(0, stream.Read(read));
    }

    /// <summary>Everything in an object, numbers to the last bit, so that nothing that is forgotten on the way goes unseen.</summary>
    private static string Words(object what, object? without = null)
    {
        var words = new StringBuilder();
        Add(what);
        return words.ToString();

        void Add(object? one)
        {
            switch (one)
            {
                case null: words.Append("null"); break;
                case var _ when ReferenceEquals(one, without) || one is IProcessGroup or Trial or Recording or ModelDescription: break;
                case double number: words.Append(BitConverter.DoubleToInt64Bits(number)); break;
                case float number: words.Append(BitConverter.SingleToInt32Bits(number)); break;
                case string or Enum or bool or int or long or ulong: words.Append(CultureInfo.InvariantCulture, $"{one}"); break;
                case IEnumerable items:
                    words.Append('[');
                    foreach (var item in items)
                    {
                        Add(item);
                    }

                    words.Append(']');
                    break;
                default:
                    foreach (var field in one.GetType().GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
                    {
                        words.Append(field.Name).Append(':');
                        Add(field.GetValue(one));
                    }

                    break;
            }

            words.Append(' ');
        }
    }
}
