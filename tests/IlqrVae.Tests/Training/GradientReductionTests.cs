using IlqrVae.Inference;
using IlqrVae.Models;
using IlqrVae.Models.Parameters;
using IlqrVae.Recordings;
using IlqrVae.Simulation;
using IlqrVae.Training;

namespace IlqrVae.Tests.Training;

public sealed class GradientReductionTests
{
    private const int States = 4;
    private const int Bins = 20;

    private readonly Recording _recording = Simulations.Lorenz(LorenzOptions.Spiking with { Channels = 12, Trials = 9, ValidationTrials = 3, TestTrials = 0, Bins = Bins });

    [Theory]
    [InlineData(2, long.MaxValue)]
    [InlineData(3, 1)]
    public async Task Processes_that_share_the_trials_learn_what_one_learns(int processes, long gradientBytes)
    {
        var alone = Train(null, long.MaxValue);
        using var group = new ThreadGroup(processes);
        var together = await Task.WhenAll(Enumerable.Range(0, processes).Select(rank => Task.Factory.StartNew(
            () => Train(new Member(group, rank), gradientBytes), TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default)));

        // All the same to the bit; that of one process but for rounding in sums.
        Assert.All(together, one => Assert.Equal(together[0].Numbers, one.Numbers));
        Assert.All(together, one => Assert.Equal(together[0].Records, one.Records));
        Assert.Equal(alone.Numbers.Length, together[0].Numbers.Length);
        Assert.All(alone.Numbers.Zip(together[0].Numbers), pair => Assert.Equal(pair.First, pair.Second, 1e-6 * (1 + Math.Abs(pair.First))));
        Assert.NotEqual(alone.Numbers, together[0].Numbers);
    }

    [Fact]
    public async Task A_request_to_stop_that_reaches_one_process_stops_all()
    {
        using var group = new ThreadGroup(2);
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();
        var ends = await Task.WhenAll(Enumerable.Range(0, 2).Select(rank => Task.Factory.StartNew(
            () => Trainer(new Member(group, rank), long.MaxValue, out _).Run(null, null, rank == 1 ? stop.Token : CancellationToken.None),
            TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        Assert.Equal([TrainingEnd.Interrupted, TrainingEnd.Interrupted], ends);
    }

    private (double[] Numbers, List<TrainingRecord> Records) Train(IGradientReduction<double>? reduction, long gradientBytes)
    {
        var records = new List<TrainingRecord>();
        var trainer = Trainer(reduction, gradientBytes, out _);
        trainer.Run(record => records.Add(record with { Seconds = 0, TrialsPerSecond = 0 }), null, TestContext.Current.CancellationToken);
        return ([.. trainer.State.Raw, trainer.State.UsualGradientNorm, trainer.State.BestLoss, trainer.State.UntrainedLoss], records);
    }

    private Trainer<double> Trainer(IGradientReduction<double>? reduction, long gradientBytes, out VariationalModel<double> model)
    {
        var generative = ModelBuilder<double>.Build(new ModelSpecification { States = States, Inputs = 2 }, _recording, 1);
        model = new VariationalModel<double>(generative, SharedPosterior<double>.Independent(States, 2, Bins, 0.3, 0.3));
        var options = new TrainingOptions
        {
            Iterations = 7, BatchSize = 4, ValidationInterval = 3, Threads = 1, GradientBytes = gradientBytes, RecurrentPenalty = 0.1,
            Elbo = new() { Solver = new() { Tolerance = 1e-12 }, GradientTolerance = 1e-10 },
        };
        return new Trainer<double>(model, _recording, options, reduction);
    }

    /// <summary>What the threads that play processes have in common.</summary>
    private sealed class ThreadGroup(int size) : IDisposable
    {
        public int Size => size;

        public Barrier Barrier { get; } = new(size);

        public TrialOutcome[][] Outcomes { get; } = new TrialOutcome[size][];

        /// <summary>The numbers of each process's sum, a parameter after the other, as they would travel.</summary>
        public double[][][] Sums { get; } = new double[size][][];

        public bool[] Conditions { get; } = new bool[size];

        public void Dispose() => Barrier.Dispose();
    }

    private sealed class Member(ThreadGroup group, int rank) : IGradientReduction<double>
    {
        public bool Owns(int trial) => trial % group.Size == rank;

        public void Gather(ReadOnlySpan<int> trials, Span<TrialOutcome> outcomes)
        {
            group.Outcomes[rank] = outcomes.ToArray();
            Meet();
            for (var i = 0; i < trials.Length; i++)
            {
                outcomes[i] = group.Outcomes[trials[i] % group.Size][i];
            }

            Meet();
        }

        public void Sum(IReadOnlyList<Parameter<double>> parameters, ParameterGradient<double> sum)
        {
            group.Sums[rank] = [.. parameters.Select(parameter => sum[parameter].ToArray())];
            Meet();
            for (var i = 0; i < parameters.Count; i++)
            {
                var total = new double[group.Sums[0][i].Length];
                foreach (var part in group.Sums)
                {
                    for (var j = 0; j < total.Length; j++)
                    {
                        total[j] += part[i][j];
                    }
                }

                sum[parameters[i]].CopyFrom(total);
            }

            Meet();
        }

        public bool Any(bool condition)
        {
            group.Conditions[rank] = condition;
            Meet();
            var any = group.Conditions.Any(one => one);
            Meet();
            return any;
        }

        private void Meet() => Assert.True(group.Barrier.SignalAndWait(TimeSpan.FromSeconds(30)), "a process waits for another in vain");
    }
}
