using IlqrVae.Data;
using IlqrVae.Recordings;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Runs.Tests;

/// <summary>What is found in trials of unequal lengths, and where it lies in the posterior file.</summary>
public sealed class Posteriors(LearnedExample example) : IClassFixture<LearnedExample>
{
    [Theory]
    [InlineData("all")]
    [InlineData("train")]
    public void Read_back_by_its_offsets_every_trial_has_its_own_rows(string split)
    {
        var found = example.Infer(new InferenceRequest { Split = split, Samples = 2, Hidden = new HashSet<string>(["velocity"], StringComparer.Ordinal) });
        var path = example[$"{split}.h5"];
        PosteriorFile.Write(path, found.Description, found.Trials, found.Estimates, found.Hidden);
        using var archive = Hdf5Archive.Open(path);
        var names = archive.ReadStrings("trials/name", -1).Values;
        var (first, bins) = (archive.ReadLongs("trials/first_bin", names.Length).Values, archive.ReadLongs("trials/bins", names.Length).Values);
        Assert.True(found.Trials.Select(trial => trial.Name).SequenceEqual(names, StringComparer.Ordinal));
        Assert.True(bins.Distinct().Count() > 1);
        var total = (int)bins.Sum();
        for (var t = 0; t < names.Length; t++)
        {
            var estimate = found.Estimates.Single(one => one.Name == names[t]);
            Assert.Equal(example.Recording.Trials.Single(trial => trial.Name == names[t]).Bins, bins[t]);
            AssertRows(estimate.Inputs, "inputs/mean", t);
            AssertRows(estimate.InputDeviations, "inputs/deviation", t);
            AssertRows(estimate.States, "states/mean", t);
            AssertRows(estimate.StateDeviations, "states/deviation", t);
            AssertRows(estimate.Means[0], "channels/spikes/mean", t);
            AssertRows(estimate.MeanDeviations[0], "channels/spikes/deviation", t);
            AssertRows(estimate.Means[1], "channels/velocity/mean", t);
            AssertRows(estimate.MeanDeviations[1], "channels/velocity/deviation", t);
            Assert.Equal(estimate.States.Row(0).ToArray(), Stored("initial_state/mean").AsSpan(t * 3, 3).ToArray());
            Assert.Equal(estimate.StateDeviations.Row(0).ToArray(), Stored("initial_state/deviation").AsSpan(t * 3, 3).ToArray());
            Assert.Equal(estimate.LogEvidence, Stored("trials/log_evidence")[t]);
            Assert.Equal(estimate.Map.Cost, Stored("trials/cost")[t]);
            for (var k = 0; k < 2; k++)
            {
                AssertRows(estimate.Samples[k].Inputs, "samples/inputs", t, k);
                AssertRows(estimate.Samples[k].States, "samples/states", t, k);
                Assert.Equal(estimate.Samples[k].LogWeight, Stored("samples/log_weight")[(k * names.Length) + t]);
            }
        }

        Assert.Equal(0, archive.ReadWhole("channels/spikes/mean", "hidden"));
        Assert.Equal(1, archive.ReadWhole("channels/velocity/mean", "hidden"));
        Assert.Equal(["a", "b", "c"], archive.ReadStrings("channels/spikes/names", 3).Values);

        double[] Stored(string table) => archive.ReadDoubles(table, [.. archive.ShapeOf(table)]).Values;

        void AssertRows(Table expected, string table, int trial, int sample = 0)
        {
            var rows = Stored(table).AsSpan((int)((sample * total) + first[trial]) * expected.Columns, (int)bins[trial] * expected.Columns);
            Assert.Equal(expected.Values, rows.ToArray());
        }
    }

    [Fact]
    public void What_is_drawn_for_a_trial_does_not_depend_on_which_others_are_analysed()
    {
        var request = new InferenceRequest { Split = "all", Samples = 2, ElboDraws = 3, ImportanceSamples = 4, Coverage = true };
        var all = example.Infer(request);
        foreach (var split in (string[])["train", "validation", "test"])
        {
            foreach (var estimate in example.Infer(request with { Split = split, Threads = 1 }).Estimates)
            {
                var other = all.Estimates.Single(one => one.Name == estimate.Name);
                Assert.Equal(other.Elbo, estimate.Elbo);
                Assert.Equal(other.SharedBound, estimate.SharedBound);
                Assert.Equal(other.LaplaceBound, estimate.LaplaceBound);
                for (var k = 0; k < 2; k++)
                {
                    Assert.Equal(other.Samples[k].States.Values, estimate.Samples[k].States.Values);
                    Assert.Equal(other.Samples[k].LogWeight, estimate.Samples[k].LogWeight);
                }
            }
        }

        // Trials have draws of their own.
        Assert.NotEqual(all.Estimates[0].Samples[0].States.Values.AsSpan(0, 12).ToArray(), all.Estimates[2].Samples[0].States.Values.AsSpan(0, 12).ToArray());
    }
}
