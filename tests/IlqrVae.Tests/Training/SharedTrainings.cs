using IlqrVae.Inference;
using IlqrVae.Models;
using IlqrVae.Recordings;
using IlqrVae.Simulation;
using IlqrVae.Training;
using IlqrVae.Training.Hiding;
using IlqrVae.Training.Processes;

namespace IlqrVae.Tests.Training;

public sealed class SharedTrainings
{
    private const int States = 4;
    private const int Bins = 20;

    private readonly Recording _recording = Unequal(Simulations.Maze(new MazeOptions { Neurons = 10, HeldOutNeurons = 2, Trials = 9, ValidationTrials = 3, TestTrials = 0 }));

    [Theory]
    [InlineData(2, long.MaxValue)]
    [InlineData(3, 1)]
    public async Task Processes_that_share_the_trials_learn_what_one_learns(int processes, long gradientBytes)
    {
        var alone = Train(null, long.MaxValue);
        using var group = new ThreadGroup(processes);
        var together = await Task.WhenAll(Enumerable.Range(0, processes).Select(rank => Task.Factory.StartNew(
            () => Train(new ThreadProcess(group, rank), gradientBytes), TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default)));

        // All the same to the bit; that of one process but for rounding in sums.
        Assert.All(together, one => Assert.Equal(together[0].Numbers, one.Numbers));
        Assert.All(together, one => Assert.Equal(together[0].Records, one.Records));
        Assert.Equal(alone.Numbers.Length, together[0].Numbers.Length);
        Assert.All(alone.Numbers.Zip(together[0].Numbers), pair => Assert.Equal(pair.First, pair.Second, 1e-6 * (1 + Math.Abs(pair.First))));
        Assert.NotEqual(alone.Numbers, together[0].Numbers);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10_000)]
    public void Trials_that_are_prepared_anew_at_every_turn_teach_the_same(long preparedBytes)
    {
        Assert.Equal(Train(null, long.MaxValue).Numbers, Train(null, long.MaxValue, preparedBytes).Numbers);
    }

    [Fact]
    public void As_many_prepared_trials_are_kept_as_there_is_room_for()
    {
        var model = ModelBuilder<double>.Build(new ModelSpecification { States = States, Inputs = 2 }, _recording, 1);
        var trials = _recording.TrialsOf(TrialSplit.Train);
        var bytes = trials.Take(2).Sum(trial => new PreparedTrial<double>(model, _recording, trial).Bytes);
        Assert.True(bytes >= 2 * 14 * 12 * sizeof(double));
        var shelf = new TrialShelf<double>(model, _recording, trials, null, bytes + 100);
        _ = shelf[1];
        Assert.Equal((true, true, false), (ReferenceEquals(shelf[0], shelf[0]), ReferenceEquals(shelf[1], shelf[1]), ReferenceEquals(shelf[2], shelf[2])));
        Assert.Equal(trials.Select(trial => (trial.Name, trial.Bins)), Enumerable.Range(0, shelf.Count).Select(i => (shelf[i].Name, shelf.BinsOf(i))));
        Assert.Equal(trials.Select(trial => trial.Name), Enumerable.Range(0, shelf.Count).Select(shelf.NameOf), StringComparer.Ordinal);

        // What a hidden group holds is not there.
        var blind = new TrialShelf<double>(model, _recording, trials, new HashSet<string>(["velocity"], StringComparer.Ordinal), 0);
        var g = model.Likelihoods.ToList().FindIndex(likelihood => likelihood.Group == "velocity");
        Assert.Equal(0, blind[3].Observations[g].ObservedCount);
        Assert.True(shelf[3].Observations[g].ObservedCount > 0);
    }

    [Fact]
    public async Task A_request_to_stop_that_reaches_one_process_stops_all()
    {
        using var group = new ThreadGroup(2);
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();
        var ends = await Task.WhenAll(Enumerable.Range(0, 2).Select(rank => Task.Factory.StartNew(
            () => Trainer(new ThreadProcess(group, rank), long.MaxValue, out _).Run(null, null, rank == 1 ? stop.Token : CancellationToken.None),
            TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        Assert.Equal([TrainingEnd.Interrupted, TrainingEnd.Interrupted], ends);
    }

    private (double[] Numbers, List<TrainingRecord> Records) Train(IProcessGroup? processes, long gradientBytes, long preparedBytes = long.MaxValue)
    {
        var records = new List<TrainingRecord>();
        var trainer = Trainer(processes, gradientBytes, out _, preparedBytes);
        trainer.Run(record => records.Add(record with { Seconds = 0, TrialsPerSecond = 0 }), null, TestContext.Current.CancellationToken);
        var state = trainer.State;

        // Every process could go on by itself: starts of trials, variants of them included, are everywhere.
        var starts = state.WarmStarts.Values.SelectMany(start => start.Variants.Values.Prepend(start)).ToList();
        Assert.True(starts.Count > state.WarmStarts.Count);
        return ([.. state.Raw, state.UsualGradientNorm, state.BestLoss, state.UntrainedLoss, .. starts.SelectMany(start => start.Values.Append(start.IsLost ? 1 : 0))], records);
    }

    /// <summary>Trials of 14 to 20 bins.</summary>
    private static Recording Unequal(Recording recording)
    {
        return recording with { Trials = [.. recording.Trials.SelectMany((trial, i) => LearningTrials.Of(recording with { Trials = [trial] }, Bins - (i % 7), 0).Trials.Skip(2).Take(1))] };
    }

    private Trainer<double> Trainer(IProcessGroup? processes, long gradientBytes, out VariationalModel<double> model, long preparedBytes = long.MaxValue)
    {
        var generative = ModelBuilder<double>.Build(new ModelSpecification { States = States, Inputs = 2 }, _recording, 1);
        model = new VariationalModel<double>(generative, SharedPosterior<double>.Independent(States, 2, Bins, 0.3, 0.3));
        var options = new TrainingOptions
        {
            Iterations = 7, BatchSize = 4, ValidationInterval = 3, Threads = 1, GradientBytes = gradientBytes, PreparedBytes = preparedBytes, RecurrentPenalty = 0.1, Hide = [new GroupHiding { Of = ["velocity"], Probability = 0.5 }],
            Elbo = new() { Solver = new() { Tolerance = 1e-12 }, GradientTolerance = 1e-10 },
        };
        return new Trainer<double>(model, _recording, options, processes);
    }

    [Fact]
    public void Trials_are_dealt_by_their_length()
    {
        // The longest first, each to the process that has least: 9 | 7 | 6, then 5 to the third, 4 to the second, and 2 to the first.
        var owners = new int[6];
        TrialDeal.Deal([2, 7, 9, 4, 6, 5], 3, owners);
        Assert.Equal([0, 1, 0, 1, 2, 2], owners);
        TrialDeal.Deal([5, 5, 5, 5, 5, 5], 4, owners);
        Assert.Equal([0, 1, 2, 3, 0, 1], owners);
        TrialDeal.Deal([2, 7, 9, 4, 6, 5], 1, owners);
        Assert.Equal(new int[6], owners);
    }

    [Fact]
    public void Starts_travel_with_their_variants()
    {
        var (sent, other, received, untouched) = (new WarmStart<float>(4, 2, 1), new WarmStart<float>(2, 2, 1), new WarmStart<float>(4, 2, 1), new WarmStart<float>(2, 2, 1));
        new float[] { 1, 2, 3, 4, 5 }.CopyTo(sent.Values, 0);
        sent.Of(6).Values[0] = float.NaN;
        sent.Of(6).IsLost = true;
        other.IsLost = true;
        var packet = new StartPacket<float>();
        packet.Write(other);
        packet.Write(sent);
        var first = StartPacket<float>.Skip(packet.Bytes);
        Assert.Equal(packet.Bytes.Length, first + StartPacket<float>.Read(packet.Bytes[first..], received));
        Assert.Equal(first, StartPacket<float>.Read(packet.Bytes, untouched));
        Assert.Equal([1, 2, 3, 4, 5], received.Values);
        Assert.Equal([float.NaN, 2, 3, 4, 5], Assert.Single(received.Variants.Values).Values);
        Assert.Equal((false, true, true), (received.IsLost, received.Of(6).IsLost, untouched.IsLost));
    }
}
