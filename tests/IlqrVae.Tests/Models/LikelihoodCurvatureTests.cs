using IlqrVae.Control;
using IlqrVae.Models.Likelihoods;
using IlqrVae.Models.Parameters;
using IlqrVae.Numerics;
using IlqrVae.Recordings;
using static IlqrVae.Tests.Numerics.KernelCase;

namespace IlqrVae.Tests.Models;

/// <summary>Curvatures of observations against C' diag(w) C, in whatever order bins are asked for.</summary>
public sealed class LikelihoodCurvatureTests
{
    private const double BinWidth = 0.02;

    /// <summary>The last case has outer products beyond what is kept, so that curvatures are formed bin by bin.</summary>
    public static TheoryData<int, int, int, int, bool> Cases => new()
    {
        { 1, 1, 1, 4096, false },
        { 5, 7, 250, 4096, false },
        { 5, 7, 250, 60, true },
        { 20, 30, 130, 129, true },
        { 3, 4, 40, 1, false },
        { 150, 100, 3, 4096, false },
        { 150, 100, 3, 4096, true },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Of_spikes(int states, int channels, int bins, int window, bool isMasked)
    {
        var random = new Random(1);
        var (weights, bias) = (Draw<double>(random, channels, states), Draw<double>(random, 1, channels));
        var likelihood = new PoissonLikelihood<double>(
            "spikes", Parameter("C", weights), Parameter("d", bias), Link.Exponential, BinWidth);
        var at = Draw<double>(random, bins, states);
        RowOperations.Scale(1 / Math.Sqrt(states), at);
        var mask = isMasked ? Enumerable.Range(0, bins * channels).Select(_ => random.NextDouble() < 0.7).ToArray() : null;
        var counts = Enumerable.Range(0, bins * channels).Select(_ => (double)random.Next(3)).ToArray();
        var observed = new ObservationMatrix<double>(Observations.FromCounts(new Table(bins, channels, counts), mask), ChannelKind.Counts);
        var scratch = likelihood.CreateScratch(bins, window);
        likelihood.Differentiate(scratch, at, observed, Matrix<double>.Allocate(bins, states));

        int[] order = [.. Enumerable.Range(0, bins).Reverse(), .. Enumerable.Range(0, Math.Min(bins, 120)), .. Enumerable.Range(0, 5).Select(_ => random.Next(bins))];
        foreach (var t in order)
        {
            // With the exponential link the two kinds are the same: r on observed channels.
            var kind = random.Next(2) == 0 ? CurvatureKind.GaussNewton : CurvatureKind.Exact;
            var weighted = Copy(weights);
            for (var i = 0; i < channels; i++)
            {
                var rate = mask is null || mask[(t * channels) + i] ? Math.Exp(bias[0, i] + Inner(weights.Row(i), at.Row(t))) * BinWidth : 0;
                foreach (ref var entry in weighted.Row(i))
                {
                    entry *= rate;
                }
            }

            var target = Draw<double>(random, states, states);
            var expected = Product(Transpose(weights), weighted, Copy(target));
            likelihood.AddCurvature(scratch, t, kind, target);
            Same(expected, target, upper: true);
        }
    }

    /// <summary>A differentiation after a loss uses what that has computed: only at the very same states, observations and parameters.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Differentiating_after_a_loss_is_differentiating(bool isMasked)
    {
        const int States = 4, Channels = 9, Bins = 150;
        var random = new Random(2);
        var bias = Parameter("d", Draw<double>(random, 1, Channels));
        var likelihood = new PoissonLikelihood<double>("spikes", Parameter("C", Draw<double>(random, Channels, States)), bias, Link.Exponential, BinWidth);
        var at = Draw<double>(random, Bins, States);
        var scratch = likelihood.CreateScratch(Bins);
        var (first, second) = (Observe(), Observe());

        likelihood.Loss(scratch, at, first);
        Same(likelihood.CreateScratch(Bins), first);
        likelihood.Loss(scratch, at, first);
        Same(likelihood.CreateScratch(Bins), second);
        likelihood.Loss(scratch, at, first);
        at[70, 2] += 0.1;
        Same(likelihood.CreateScratch(Bins), first);
        likelihood.Loss(scratch, at, first);
        bias.Set([.. bias.ExactValue.ToArray().Select(d => d + 1)]);
        likelihood.Refresh();
        Same(likelihood.CreateScratch(Bins), first);
        likelihood.Loss(scratch, at, first);
        at[100, 0] = 1000;
        likelihood.Loss(scratch, at, first);
        Same(likelihood.CreateScratch(Bins), first);

        void Same(LikelihoodScratch<double> fresh, ObservationMatrix<double> observed)
        {
            var (gradient, expected) = (Matrix<double>.Allocate(Bins, States), Matrix<double>.Allocate(Bins, States));
            likelihood.Differentiate(scratch, at, observed, gradient);
            likelihood.Differentiate(fresh, at, observed, expected);
            Assert.Equal(expected.ToArray(), gradient.ToArray());
            var (curvature, expectedCurvature) = (Matrix<double>.Allocate(States, States), Matrix<double>.Allocate(States, States));
            likelihood.AddCurvature(scratch, 71, CurvatureKind.GaussNewton, curvature);
            likelihood.AddCurvature(fresh, 71, CurvatureKind.GaussNewton, expectedCurvature);
            Assert.Equal(expectedCurvature.ToArray(), curvature.ToArray());
        }

        ObservationMatrix<double> Observe() => new(
            Observations.FromCounts(
                new Table(Bins, Channels, [.. Enumerable.Range(0, Bins * Channels).Select(_ => (double)random.Next(3))]),
                isMasked ? [.. Enumerable.Range(0, Bins * Channels).Select(_ => random.NextDouble() < 0.7)] : null),
            ChannelKind.Counts);
    }

    private static Parameter<double> Parameter(string name, Matrix<double> value)
    {
        var numbers = new double[value.Rows * value.Columns];
        for (var i = 0; i < value.Rows; i++)
        {
            value.Row(i).CopyTo(numbers.AsSpan(i * value.Columns));
        }

        return new Parameter<double>(name, value.Rows, value.Columns, Constraint.Free, numbers);
    }

    private static double Inner(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        var sum = 0.0;
        for (var i = 0; i < x.Length; i++)
        {
            sum += x[i] * y[i];
        }

        return sum;
    }
}
