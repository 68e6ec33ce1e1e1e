using CsCheck;
using IlqrVae.Data.Import;
using IlqrVae.Recordings;

namespace IlqrVae.Data.Tests;

public sealed class Session_cuts
{
    /// <summary>By the definition: of chunks that overlap, the one of the lower split loses what is before it ends, or from where it begins, of every higher one.</summary>
    [Fact]
    public void No_bin_is_shared_across_splits_and_none_is_lost_without_need() => Gen.Select(Gen.Int[10, 40], Gen.Int[1, 30], Gen.Int[0, 3], Gen.Int[20, 400], Gen.Int[1, 3]).Sample((chunk, overlap, every, bins, stretches) =>
    {
        overlap = Math.Min(overlap, chunk - 1);
        var options = new ImportOptions { ChunkSeconds = chunk, ChunkOverlapSeconds = overlap, TrainFraction = 0.7, ValidationFraction = every == 0 ? 0.1 : null, ValidationEvery = every == 0 ? null : every };
        List<TrialCut> trials, uncut;
        int[] lengths = [.. Enumerable.Repeat(bins, stretches)];
        try
        {
            trials = SessionCut.OfSession("a", options, lengths, 1);
            uncut = SessionCut.OfSession("a", options with { ChunkOverlapSeconds = null }, lengths, 1);
        }
        catch (InputException)
        {
            return;
        }

        foreach (var one in trials)
        {
            foreach (var other in trials.Where(other => other.Stretch == one.Stretch && other.Split != one.Split))
            {
                Assert.True(other.First >= one.First + one.Bins || one.First >= other.First + other.Bins, $"{one} and {other}");
            }
        }

        // Chunks for testing lose nothing; others only to what is above them.
        Assert.Equal(uncut.Where(trial => trial.Split == TrialSplit.Test).Select(trial => (trial.First, trial.Bins)), trials.Where(trial => trial.Split == TrialSplit.Test).Select(trial => (trial.First, trial.Bins)));
        Assert.All(trials, one => Assert.InRange(one.Bins, SessionCut.ShortestTrial, int.MaxValue));
        foreach (var one in trials.Where(trial => trial.Split == TrialSplit.Train && trial.Bins < chunk))
        {
            Assert.True(
                trials.Exists(other => other.Stretch == one.Stretch && other.Split > one.Split && (other.First + other.Bins == one.First || other.First == one.First + one.Bins)) || one.First + one.Bins >= Math.Min(lengths[0], (int)(0.7 * lengths.Sum()) - (one.Stretch * lengths[0])),
                $"{one} is short without a neighbour");
        }
    });

    [Fact]
    public void A_session_of_days_with_overlapping_chunks_is_cut_at_once()
        => Mutations.Try(0, ("chunks", () =>
        {
            var trials = SessionCut.OfSession("a", new ImportOptions { ChunkSeconds = 0.2, ChunkOverlapSeconds = 0.1 }, [4_000_000], 0.01);
            Assert.InRange(trials.Count, 300_000, 400_000);
            return 1;
        }));
}
