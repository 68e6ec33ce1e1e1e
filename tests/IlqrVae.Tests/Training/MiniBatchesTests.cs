using IlqrVae.Training;

namespace IlqrVae.Tests.Training;

public sealed class MiniBatchesTests
{
    [Fact]
    public void Batches_depend_on_the_iteration_alone_and_every_epoch_holds_every_trial_once()
    {
        var batches = new MiniBatches(10, 4, 3);
        var later = new MiniBatches(10, 4, 3);
        var seen = new List<int>();
        for (var iteration = 0; iteration < 6; iteration++)
        {
            var batch = batches.At(iteration).ToArray();
            seen.AddRange(batch);
            Assert.InRange(batch.Length, 1, batches.Size);
        }

        Assert.Equal(later.At(5).ToArray(), seen.TakeLast(batches.At(5).Length));
        Assert.Equal(Enumerable.Range(0, 10), seen.Take(10).Order());
        Assert.Equal(Enumerable.Range(0, 10), seen.Skip(10).Order());
        Assert.NotEqual(seen.Take(10), seen.Skip(10));
    }

    [Fact]
    public void Sessions_are_spread_evenly_over_an_epoch_however_few_trials_they_have()
    {
        string[] sessions = [.. Enumerable.Repeat("large", 36), .. Enumerable.Repeat("small", 4)];
        var batches = new MiniBatches(40, 10, 3, sessions);
        var (first, second) = (new List<int>(), new List<int>());
        for (var iteration = 0; iteration < 8; iteration++)
        {
            var batch = batches.At(iteration).ToArray();
            Assert.Equal(1, batch.Count(trial => sessions[trial] == "small"));
            (iteration < 4 ? first : second).AddRange(batch);
        }

        Assert.Equal(Enumerable.Range(0, 40), first.Order());
        Assert.Equal(Enumerable.Range(0, 40), second.Order());
        Assert.NotEqual(first, second);
        Assert.Equal(new MiniBatches(40, 10, 3).At(0).ToArray(), new MiniBatches(40, 10, 3, [.. Enumerable.Repeat("one", 40)]).At(0).ToArray());
    }
}
