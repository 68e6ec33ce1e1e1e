using IlqrVae.Evaluation.NeuralLatents;
using IlqrVae.Recordings;

namespace IlqrVae.Tests.Evaluation;

/// <summary>What the benchmark's condition averages are made of, and its sets. The scores themselves are tested against its own tools, beside the files.</summary>
public sealed class NeuralLatentsTests
{
    [Theory]
    [InlineData(0.001, 0.004)]
    [InlineData(0.001, 0.0055)]
    [InlineData(0.005, 0.07)]
    [InlineData(0.02, 0.05)]
    [InlineData(0.02, 0.003)]
    public void Smoothing_is_that_of_a_grid_of_one_millisecond(double binWidth, double deviation)
    {
        var random = new Random(1);
        var spikes = new Table(60, 3);
        for (var i = 0; i < spikes.Values.Length; i++)
        {
            spikes.Values[i] = random.Next(4);
        }

        // Gaps: at the start, of one bin, of all neurons, and to the end.
        spikes[0, 1] = double.NaN;
        spikes[31, 1] = double.NaN;
        spikes[55, 2] = spikes[56, 2] = spikes[57, 2] = spikes[58, 2] = spikes[59, 2] = double.NaN;
        spikes[20, 0] = spikes[20, 1] = spikes[20, 2] = double.NaN;
        var found = new SpikeSmoothing(binWidth, deviation).Smooth(spikes);
        var steps = (int)Math.Round(binWidth * 1000);
        for (var c = 0; c < spikes.Columns; c++)
        {
            var fine = Fine([.. Enumerable.Range(0, spikes.Bins).Select(t => spikes[t, c])], steps, deviation * 1000);
            for (var t = 0; t < spikes.Bins; t++)
            {
                Assert.Equal(fine.AsSpan(t * steps, steps).ToArray().Sum(), found[t, c], 1e-10);
            }
        }
    }

    [Fact]
    public void A_kernel_too_narrow_is_refused()
        => Assert.Contains("0.1 ms", Assert.Throws<InputException>(() => new SpikeSmoothing(0.001, 0.0001)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Averages_are_cut_to_the_shortest_trial_that_is_not_left_out(bool areAlignedAtEnd)
    {
        // Lengths 10, 9 and 10 of condition 0; 10 and 5 of condition 1, the latter below .8 of their mean; condition 2 has no trial with spikes; one trial has none.
        int[] lengths = [10, 9, 10, 10, 5, 0, 10];
        var tables = lengths.Select((length, trial) => Trial(length, trial, areAlignedAtEnd)).ToArray();
        tables[2][4, 1] = double.NaN;
        var found = ConditionTargets.Of([0, 0, 0, 1, 1, 2, -1], 10, 2, trial => tables[trial], areAlignedAtEnd);
        Assert.Equal([4, 5], found.LeftOut);
        Assert.Equal([[0, 1, 2], [3], []], found.Trials);
        var missing = areAlignedAtEnd ? 0 : 9;
        for (var bin = 0; bin < 10; bin++)
        {
            Assert.Equal(bin == missing ? double.NaN : 1, found.Averages[0][bin, 0]);
            Assert.Equal(bin == missing ? double.NaN : bin == 4 ? 0.5 : 1, found.Averages[0][bin, 1]);
            Assert.Equal(3, found.Averages[1][bin, 0]);
            Assert.Equal(double.NaN, found.Averages[2][bin, 0]);
        }
    }

    [Fact]
    public void Groups_are_named_after_set_and_bin_width()
    {
        Assert.Equal("mc_maze", NeuralLatentsSet.GroupOf("mc_maze", 0.005));
        Assert.Equal("mc_maze_20", NeuralLatentsSet.GroupOf("mc_maze", 0.02));
        Assert.Equal("own", NeuralLatentsSet.GroupOf("own", 0.01));
        Assert.Equal("own_20", NeuralLatentsSet.GroupOf("own", 0.02));
        Assert.Contains("10 ms", Assert.Throws<InputException>(() => NeuralLatentsSet.GroupOf("mc_rtt", 0.01)).Message, StringComparison.Ordinal);
        Assert.All((string[])["mc_maze_20", "", "a/b", ".", "a\nb"], name => Assert.Throws<InputException>(() => NeuralLatentsSet.GroupOf(name, 0.005)));
        Assert.Equal("mc_maze_small", NeuralLatentsSet.OfGroup("mc_maze_small_20")!.Name);
        Assert.Null(NeuralLatentsSet.OfGroup("own"));
    }

    [Fact]
    public void Sets_have_the_sizes_of_the_benchmark()
    {
        Assert.Equal(["mc_maze", "mc_rtt", "area2_bump", "dmfc_rsg", "mc_maze_large", "mc_maze_medium", "mc_maze_small"], NeuralLatentsSet.All.Select(set => set.Name), StringComparer.Ordinal);
        Assert.Equal([182, 130, 65, 60, 162, 152, 142], NeuralLatentsSet.All.Select(set => set.HeldIn + set.HeldOut));
        Assert.Equal([140, 120, 120, 300, 140, 140, 140], NeuralLatentsSet.All.Select(set => (set.WindowEnd - set.WindowStart) / NeuralLatentsSet.NarrowBin));
        Assert.Equal([2295, 1080, 364, 989, 500, 250, 100], NeuralLatentsSet.All.Select(set => set.Validation.Training + set.Validation.Evaluated));
        Assert.All(NeuralLatentsSet.All, set => Assert.Equal(set.Test.Training, set.Validation.Training + set.Validation.Evaluated));
    }

    [Fact]
    public void Columns_beside_each_other_keep_their_names_and_places()
    {
        var left = TrialArray.Of("left", 2, 2, 2, [0, 1, 2, 3, 4, 5, 6, 7]);
        var right = TrialArray.Of("right", 2, 2, 1, [10, 11, 12, 13]);
        var both = TrialArray.Beside(left, right);
        var values = new double[6];
        both.Read(1, values);
        Assert.Equal([4, 5, 12, 6, 7, 13], values);
        Assert.Equal("left at trial 1, bin 1, column 0", both.Place(1, 3));
        Assert.Equal("right at trial 0, bin 1, column 0", both.Place(0, 5));
        Assert.Throws<InputException>(() => TrialArray.Beside(left, TrialArray.Of("right", 2, 1, 1, [1, 2])));
        Assert.Throws<ArgumentException>(() => TrialArray.Of("left", 2, 2, 2, [1]));
    }

    /// <summary>The definition itself: a kernel of int(6 sigma) steps against each stretch of known bins, spread over their steps; output from (n - 1) / 2 of the whole convolution.</summary>
    private static double[] Fine(double[] bins, int steps, double sigma)
    {
        var n = (int)(6 * sigma);
        double[] kernel = [.. Enumerable.Range(0, n).Select(k => Math.Exp(-0.5 * Math.Pow((k - ((n - 1) / 2.0)) / sigma, 2)))];
        var sum = kernel.Sum();
        var fine = new double[bins.Length * steps];
        for (var start = 0; start < fine.Length;)
        {
            if (double.IsNaN(bins[start / steps]))
            {
                fine[start++] = double.NaN;
                continue;
            }

            var end = start;
            while (end < fine.Length && !double.IsNaN(bins[end / steps]))
            {
                end++;
            }

            for (var to = start; to < end; to++)
            {
                for (var k = 0; k < n; k++)
                {
                    var from = to + ((n - 1) / 2) - k;
                    fine[to] += from >= start && from < end ? kernel[k] / sum * bins[from / steps] / steps : 0;
                }
            }

            start = end;
        }

        return fine;
    }

    private static Table Trial(int length, int trial, bool isAlignedAtEnd)
    {
        var table = new Table(10, 2);
        for (var bin = 0; bin < 10; bin++)
        {
            var isThere = isAlignedAtEnd ? bin >= 10 - length : bin < length;
            table[bin, 0] = table[bin, 1] = isThere ? trial : double.NaN;
        }

        return table;
    }
}
