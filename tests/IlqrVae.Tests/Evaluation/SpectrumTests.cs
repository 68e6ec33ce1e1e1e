using System.Numerics;
using CsCheck;
using IlqrVae.Evaluation;
using IlqrVae.Recordings;
using IlqrVae.Simulation;

namespace IlqrVae.Tests.Evaluation;

public sealed class SpectrumTests
{
    [Fact]
    public void Eigenvalues_are_those_of_known_matrices_the_largest_first()
    {
        // A rotation by 0.3 shrunk to 0.9, and a decay of 0.5.
        var (c, s) = (0.9 * Math.Cos(0.3), 0.9 * Math.Sin(0.3));
        var values = Spectrum.Eigenvalues([0.5, 0, 0, 0, c, -s, 0, s, c], 3);
        AssertClose(Complex.FromPolarCoordinates(0.9, 0.3), values[0]);
        AssertClose(Complex.FromPolarCoordinates(0.9, -0.3), values[1]);
        AssertClose(0.5, values[2]);
        Assert.Throws<ArgumentException>(() => Spectrum.Eigenvalues([1, 2], 2));
    }

    /// <summary>Pairing 0.9 with 0.8 first, the closest pair, would leave 0.5 to 1.</summary>
    [Fact]
    public void Matched_distances_are_those_of_the_best_matching_not_of_the_closest_pair()
    {
        Assert.Equal(0.3, Spectrum.LargestMatchedDistance([0.5, 0.9], [0.8, 1]), 1e-12);
        Assert.Equal(0, Spectrum.LargestMatchedDistance([0.2, 0.9], [0.9, 0.5, 0.2]), 1e-12);
        Assert.True(double.IsNaN(Spectrum.LargestMatchedDistance([], [1])));
    }

    [Fact]
    public void Matched_distances_are_the_least_over_all_permutations() => Gen.Double[-1, 1].Array[16].Sample(numbers =>
    {
        Complex[] a = [.. Enumerable.Range(0, 4).Select(i => new Complex(numbers[i], numbers[4 + i]))];
        Complex[] b = [.. Enumerable.Range(0, 4).Select(i => new Complex(numbers[8 + i], numbers[12 + i]))];
        var best = Permutations([0, 1, 2, 3]).Min(order => order.Select((j, i) => (a[i] - b[j]).Magnitude).Max());
        return Math.Abs(best - Spectrum.LargestMatchedDistance(a, b)) < 1e-12;
    });

    [Theory]
    [InlineData(InputKind.None)]
    [InlineData(InputKind.Sparse)]
    [InlineData(InputKind.Autoregressive)]
    public void The_transition_of_a_simulated_linear_system_is_found_from_its_states_and_inputs(InputKind inputs)
    {
        var recording = Simulations.Linear(new LinearOptions { Seed = 4, States = 4, Rotations = 2, Trials = 10, InputProcess = inputs, SpectralRadius = 0.97 });
        var transition = Spectrum.TransitionOf(Truth(recording, "states"), Truth(recording, "inputs"));
        Assert.NotNull(transition);
        Assert.Equal(0.97, Spectrum.Eigenvalues(transition, 4)[0].Magnitude, 1e-9);
    }

    [Fact]
    public void As_many_steps_as_determine_it_are_enough_and_the_transition_is_not_its_transpose()
    {
        var system = new LinearSystem(2, 1, [0.9, 0.3, 0, 0.5], [0, 1]);
        Table inputs = new(6, 1, [1, -2, 0.5, 3, 1, 0]);
        var states = system.Simulate([1, 2], inputs);
        var transition = Spectrum.TransitionOf([states], [inputs]);
        Assert.NotNull(transition);
        double[] expected = [0.9, 0.3, 0, 0.5];
        for (var i = 0; i < 4; i++)
        {
            Assert.Equal(expected[i], transition[i], 1e-10);
        }

        // 3 + 1 numbers a state from 4 steps fit anything.
        Assert.Null(Spectrum.TransitionOf([new Table(5, 2, states.Values[..10])], [new Table(5, 1, inputs.Values[..5])]));
    }

    [Fact]
    public void States_that_follow_no_linear_recursion_have_no_transition()
    {
        Assert.Null(Spectrum.TransitionOf(Truth(Simulations.Lorenz(new LorenzOptions { Trials = 3 }), "states"), null));
        Assert.Null(Spectrum.TransitionOf([new Table(3, 2, [1, 2, 1, 2, 1, 2])], null));

        // A state that never moves leaves its eigenvalue open.
        var still = new Table(50, 2);
        for (var t = 0; t < 50; t++)
        {
            still[t, 0] = Math.Pow(0.9, t);
        }

        Assert.Null(Spectrum.TransitionOf([still], null));
        Assert.Null(Spectrum.TransitionOf([], null));
    }

    private static Table[] Truth(Recording recording, string name) => [.. recording.Trials.Select(trial => trial.Truth[name])];

    private static void AssertClose(Complex expected, Complex actual) => Assert.True((expected - actual).Magnitude < 1e-12, $"{actual} where {expected} is expected");

    private static IEnumerable<int[]> Permutations(int[] items) => items.Length == 1
        ? [items]
        : items.SelectMany(first => Permutations([.. items.Where(item => item != first)]).Select(rest => (int[])[first, .. rest]));
}
