using IlqrVae.Benchmarking;
using IlqrVae.Inference;
using IlqrVae.Training;

namespace IlqrVae.Tests.Training;

public sealed class LearningProgressTests
{
    private static readonly BenchmarkCase Tiny = new("tiny", 2, 1, 2, 4, IsLinear: true, IsStudent: false, IsSpikes: false);

    private readonly VariationalModel<double> _model = Tiny.CreateModel<double>(1);

    /// <summary>Losses of validations, and after how many of them training ends.</summary>
    public static TheoryData<double[], int> Scripts => new()
    {
        { [4, 3, 3.1, 3.2, 3.3, 3.4], 5 },
        { [4, 3, 3.1, 3.2, 2.9, 3.1, 3.2, 3, 3], 8 },
        { [6, 6, 6, 6, 6], 3 },
        { [5, 5, 5, 5], 3 },
        { [4, 4, 4, 4, 4], 4 },
        { [4, double.NaN, double.NaN, double.NaN, double.NaN], 4 },
        { [4, 3, 2, 1], int.MaxValue },
    };

    [Theory]
    [MemberData(nameof(Scripts))]
    public void Training_ends_with_the_third_validation_in_a_row_that_is_no_better(double[] losses, int ends)
    {
        var progress = new LearningProgress<double>(_model, new TrainingOptions { Patience = 3, ValidationInterval = 1 });
        var state = State(untrained: 5);
        for (var i = 1; i <= losses.Length; i++)
        {
            state.Iteration = i;
            LearningProgress<double>.AcceptValidation(state, losses[i - 1]);
            Assert.Equal(i == ends ? TrainingEnd.EarlyStopped : null, progress.Decide(state));
            if (i == ends)
            {
                return;
            }
        }

        Assert.Equal(int.MaxValue, ends);
    }

    [Fact]
    public void Without_patience_training_goes_on()
    {
        var progress = new LearningProgress<double>(_model, new TrainingOptions { ValidationInterval = 1 });
        var state = State(untrained: 5);
        for (var i = 0; i < 50; i++)
        {
            LearningProgress<double>.AcceptValidation(state, 6);
            Assert.Null(progress.Decide(state));
        }
    }

    [Fact]
    public void The_best_parameters_are_those_of_the_lowest_loss_below_that_before_learning()
    {
        var state = State(untrained: 5);
        Accept(1, 5.5);
        Assert.Equal((5.0, 0, 0.0), (state.BestLoss, state.BestIteration, state.BestRaw[0]));
        Accept(2, 4);
        Accept(3, 4);
        Accept(4, double.NaN);
        Assert.Equal((4.0, 2, 2.0), (state.BestLoss, state.BestIteration, state.BestRaw[0]));
        Assert.Equal(2, state.BestOptimiser.Updates);
        Accept(5, 3.9);
        Assert.Equal((3.9, 5, 5.0), (state.BestLoss, state.BestIteration, state.BestRaw[0]));

        void Accept(int iteration, double loss)
        {
            state.Iteration = iteration;
            state.Optimiser.Updates = iteration;
            state.Raw.AsSpan().Fill(iteration);
            LearningProgress<double>.AcceptValidation(state, loss);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Five_bad_batches_in_a_row_lead_back_to_the_best_parameters_and_the_seventh_time_to_the_end(bool isAveraged)
    {
        var progress = new LearningProgress<double>(_model, new TrainingOptions());
        var state = State(untrained: 5, isAveraged);
        state.Average?.AsSpan().Fill(0.5);
        state.Optimiser.Updates = 3;
        LearningProgress<double>.AcceptValidation(state, 4);
        var best = (double[])state.BestRaw.Clone();
        Assert.Equal(isAveraged, best.AsSpan().IndexOfAnyExcept(0.5) < 0);
        for (var time = 1; time <= 7; time++)
        {
            state.Raw[0] += 1;
            state.Average?.AsSpan().Fill(time);
            state.Optimiser.Updates = 9;
            state.UsualGradientNorm = 2;
            for (var batch = 0; batch < 4; batch++)
            {
                LearningProgress<double>.AcceptBatch(state, 2, 3);
                Assert.Null(progress.Decide(state));
            }

            // One that is not breaks the row.
            LearningProgress<double>.AcceptBatch(state, 2, 4);
            Assert.Equal(0, state.BadIterations);
            for (var batch = 0; batch < 5; batch++)
            {
                Assert.NotEqual(best, state.Raw);
                LearningProgress<double>.AcceptBatch(state, 2, 3);
                var end = progress.Decide(state);
                Assert.Equal(time == 7 && batch == 4 ? TrainingEnd.Diverged : null, end);
            }

            if (time < 7)
            {
                Assert.Equal(time, state.Recoveries);
                Assert.Equal(best, state.Raw);
                Assert.Equal(isAveraged ? best : null, state.Average);
                Assert.Equal((3, 0.0, 0), (state.Optimiser.Updates, state.UsualGradientNorm, state.BadIterations));
                Assert.All(state.WarmStarts.Values, start => Assert.True(start.IsLost));
                var raw = new double[best.Length];
                _model.Parameters.CopyRawTo(raw);
                Assert.Equal(best, raw);
            }
        }
    }

    [Theory]
    [InlineData(40, 3.21, 3)]
    [InlineData(20, 3.21, 5)]
    [InlineData(40, 3.19, int.MaxValue)]
    public void Validations_that_lost_a_tenth_of_what_was_learned_for_a_hundred_iterations_lead_back_three_times(int interval, double loss, int needed)
    {
        var progress = new LearningProgress<double>(_model, new TrainingOptions { ValidationInterval = interval });
        var state = State(untrained: 5);
        LearningProgress<double>.AcceptValidation(state, 3);
        for (var i = 1; i <= 4 * 5; i++)
        {
            LearningProgress<double>.AcceptValidation(state, loss);
            Assert.Null(progress.Decide(state));
            Assert.Equal(needed == int.MaxValue ? 0 : Math.Min(3, i / needed), state.Recoveries);
        }
    }

    private TrainingState<double> State(double untrained, bool isAveraged = false)
    {
        var count = _model.Parameters.RawCount;
        var state = new TrainingState<double>
        {
            Raw = new double[count], Average = isAveraged ? new double[count] : null, BestRaw = new double[count], Optimiser = new Adam(count), BestOptimiser = new Adam(count), UntrainedLoss = untrained,
        };
        _model.Parameters.CopyRawTo(state.Raw);
        state.WarmStarts["one"] = new WarmStart<double>(4, 2, 1);
        return state;
    }
}
