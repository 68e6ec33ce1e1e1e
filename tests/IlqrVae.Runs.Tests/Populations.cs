using IlqrVae.Benchmarks;
using IlqrVae.Inference;
using IlqrVae.Numerics;
using IlqrVae.Training;
using IlqrVae.Training.Hiding;

namespace IlqrVae.Runs.Tests;

/// <summary>The rules by which a population learns in the benchmark, and those of the halving beside it.</summary>
public sealed class Populations
{
    [Fact]
    public void Nobody_goes_on_from_a_worse_one_and_the_worst_never_from_itself()
    {
        double[] losses = [3, 1, double.NaN, 2];
        var seen = new HashSet<(int, int)>();
        for (var seed = 0UL; seed < 50; seed++)
        {
            var random = new CounterRandom(seed);
            var from = PopulationRules.Tournaments(losses, ref random);
            seen.UnionWith(from.Select((other, i) => (i, other)));
        }

        Assert.Equal([(0, 0), (0, 1), (0, 3), (1, 1), (2, 0), (2, 1), (2, 3), (3, 1), (3, 3)], seen.Order());
    }

    [Fact]
    public void Settings_are_changed_by_a_fifth_or_drawn_anew_and_stay_in_their_ranges()
    {
        var settings = new PopulationSettings(0.01, 2, 19, 0.2);
        var (steps, anew) = (0, 0);
        for (var seed = 0UL; seed < 400; seed++)
        {
            var random = new CounterRandom(seed);
            var changed = settings.Perturbed(ref random);
            double[] values = [changed.LearningRate, changed.HiddenWeight, changed.ReadOutPenalty, changed.NeuronShare];
            for (var i = 0; i < values.Length; i++)
            {
                Assert.InRange(values[i], PopulationSettings.Ranges[i].Least, PopulationSettings.Ranges[i].Most);
            }

            var ratio = changed.HiddenWeight / 2;
            var isStep = Math.Abs(ratio - 0.8) < 1e-12 || Math.Abs(ratio - 1.2) < 1e-12;
            (steps, anew) = (steps + (isStep ? 1 : 0), anew + (isStep ? 0 : 1));
        }

        Assert.InRange(anew, 70, 130);
        Assert.Equal(400, steps + anew);
    }

    [Fact]
    public void Settings_reach_the_training()
    {
        var options = new PopulationSettings(0.011, 3, 7, 0.4).In(new TrainingOptions { Hide = [new ChannelHiding { Share = 0.25 }, new EntryHiding { Share = 0.2 }] });
        Assert.Equal((0.011, 3, 7), (options.LearningRate, options.HiddenWeight, options.ReadOutPenalty));
        Assert.Equal([new ChannelHiding { Share = 0.4 }, new EntryHiding { Share = 0.2 }], options.Hide);
    }

    [Fact]
    public void The_best_third_of_a_rung_goes_on_and_higher_rungs_come_first()
    {
        Dictionary<int, double>[] rungs = [new() { [0] = 3, [1] = 1 }, [], []];
        Assert.Null(PopulationRules.Promoted(rungs, 3));
        rungs[0][2] = double.NaN;
        Assert.Equal((1, 0), PopulationRules.Promoted(rungs, 3));
        rungs[1][1] = 0.9;
        Assert.Null(PopulationRules.Promoted(rungs, 3));
        (rungs[0][3], rungs[0][4], rungs[0][5]) = (0.5, 0.6, 4);
        Assert.Equal((3, 0), PopulationRules.Promoted(rungs, 3));
        (rungs[1][3], rungs[1][4]) = (0.4, 0.3);
        (rungs[0][6], rungs[0][7], rungs[0][8]) = (0.1, 5, 6);
        Assert.Equal((4, 1), PopulationRules.Promoted(rungs, 3));
        rungs[2][4] = 0.2;
        Assert.Equal((6, 0), PopulationRules.Promoted(rungs, 3));
    }

    [Fact]
    public void A_copied_state_is_its_own_and_keeps_the_best_that_was_met()
    {
        var (better, worse) = (State(1, 0.5), State(2, 0.7));
        var copy = PopulationRules.Copy(worse, better);
        Assert.Equal((2.0, 1.0, 0.5, 20), (copy.Raw[0], copy.BestRaw[0], copy.BestLoss, copy.Iteration));
        Assert.Equal((2.0, 2.0, 4), (copy.Optimiser.First[0], copy.Average![0], copy.Optimiser.Updates));
        Assert.Equal((9f, 0.7), (copy.WarmStarts["a"].Values[0], copy.FirstLosses["a"]));
        copy.Raw[0] = copy.Optimiser.First[0] = copy.BestRaw[0] = 100;
        copy.WarmStarts["a"].Values[0] = 100;
        Assert.Equal((2.0, 2.0, 1.0, 9f), (worse.Raw[0], worse.Optimiser.First[0], better.BestRaw[0], worse.WarmStarts["a"].Values[0]));
        Assert.Equal(2, PopulationRules.Copy(worse, State(3, 0.9)).BestRaw[0]);
    }

    private static TrainingState<float> State(double value, double loss)
    {
        var state = new TrainingState<float>
        {
            Iteration = (int)(10 * value), Raw = [value], Average = [value], Optimiser = new Adam(1) { Updates = (int)(2 * value) }, BestRaw = [value], BestOptimiser = new Adam(1), BestLoss = loss,
        };
        state.Optimiser.First[0] = value;
        state.FirstLosses["a"] = loss;
        state.WarmStarts["a"] = new WarmStart<float>(2, 1, 1);
        state.WarmStarts["a"].Values[0] = 9;
        return state;
    }
}
