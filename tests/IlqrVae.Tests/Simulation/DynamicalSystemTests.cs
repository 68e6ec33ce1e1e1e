using IlqrVae.Numerics;
using IlqrVae.Recordings;
using IlqrVae.Simulation;

namespace IlqrVae.Tests.Simulation;

public sealed class DynamicalSystemTests
{
    [Fact]
    public void Runge_Kutta_follows_an_exponential_to_order_four()
    {
        // x' = -x, whose exact step of the method is the Taylor polynomial of order 4.
        Span<double> state = [1];
        RungeKutta.Step((x, d) => d[0] = -x[0], state, 0.1, new double[5]);
        Assert.Equal(1 - 0.1 + 0.005 - (0.001 / 6) + (0.0001 / 24), state[0], 1e-15);
    }

    [Fact]
    public void Runge_Kutta_converges_with_order_four_on_the_Lorenz_system()
    {
        double[] start = [1, 2, 20];
        var reference = Integrate(LorenzSystem.Derivative, start, 0.5, 8192);
        var coarse = Distance(Integrate(LorenzSystem.Derivative, start, 0.5, 128), reference);
        var fine = Distance(Integrate(LorenzSystem.Derivative, start, 0.5, 256), reference);
        Assert.InRange(Math.Log2(coarse / fine), 3.8, 4.2);
    }

    [Fact]
    public void A_bin_of_the_Lorenz_system_agrees_with_fine_steps()
    {
        double[] start = [1, 2, 20];
        Assert.True(
            Distance(Integrate(LorenzSystem.Derivative, start, 0.01, 1), Integrate(LorenzSystem.Derivative, start, 0.01, 100)) < 1e-5);
    }

    [Fact]
    public void Lorenz_trajectories_lie_on_the_attractor_with_unit_variance()
    {
        var random = new CounterRandom(1);
        var states = LorenzSystem.Simulate(200_000, ref random);
        for (var i = 0; i < 3; i++)
        {
            var column = Column(states, i);
            var mean = column.Average();
            Assert.InRange(mean, -0.1, 0.1);
            Assert.InRange(column.Average(value => (value - mean) * (value - mean)), 0.95, 1.05);
        }

        double[] lowest = [-21, -29, 0], highest = [21, 29, 50];
        LorenzSystem.Standardize(lowest);
        LorenzSystem.Standardize(highest);
        for (var t = 0; t < states.Bins; t++)
        {
            Assert.InRange(states[t, 0], lowest[0], highest[0]);
            Assert.InRange(states[t, 1], lowest[1], highest[1]);
            Assert.InRange(states[t, 2], lowest[2], highest[2]);
        }
    }

    [Fact]
    public void Lorenz_trajectories_visit_both_wings()
    {
        var random = new CounterRandom(2);
        var x = Column(LorenzSystem.Simulate(5000, ref random), 0);
        Assert.InRange(x.Count(value => value > 0), 1000, 4000);
    }

    [Fact]
    public void Free_Duffing_motion_conserves_its_energy()
    {
        var random = new CounterRandom(3);
        var (states, inputs) = DuffingOscillator.Simulate(1, 1000, ref random);
        var energy = DuffingOscillator.Energy(states.Row(0));
        for (var t = 0; t < states.Bins; t++)
        {
            Assert.Equal(energy, DuffingOscillator.Energy(states.Row(t)), 1e-5);
        }

        Assert.All(inputs.Values, value => Assert.Equal(0, value));
    }

    [Fact]
    public void Duffing_inputs_are_the_jumps_between_pieces_and_nothing_else()
    {
        var random = new CounterRandom(4);
        var (states, inputs) = DuffingOscillator.Simulate(3, 40, ref random);
        for (var t = 0; t + 1 < states.Bins; t++)
        {
            var free = Integrate(DuffingOscillator.Derivative, [states[t, 0], states[t, 1]], DuffingOscillator.Step, 1);
            for (var i = 0; i < 2; i++)
            {
                Assert.Equal(states[t + 1, i], free[i] + inputs[t, i], 1e-12);
            }

            Assert.Equal(t is 39 or 79, inputs[t, 0] != 0);
        }
    }

    [Theory]
    [InlineData(8, 3, 4)]
    [InlineData(3, 3, 1)]
    [InlineData(5, 7, 0)]
    [InlineData(1, 0, 0)]
    public void Random_linear_systems_have_the_spectral_radius_and_rotations_asked_for(int states, int inputs, int rotations)
    {
        var random = new CounterRandom(5);
        var system = LinearSystem.Random(states, inputs, 0.9, rotations, ref random);
        var matrix = MathNet.Numerics.LinearAlgebra.Double.Matrix.Build.Dense(states, states, (i, j) => system.Transition[(i * states) + j]);
        var values = matrix.Evd().EigenValues;
        Assert.Equal(0.9, values.Max(value => value.Magnitude), 1e-9);
        Assert.Equal(2 * rotations, values.Count(value => Math.Abs(value.Imaginary) > 1e-6));
        for (var j = 0; j < inputs; j++)
        {
            var length = 0.0;
            for (var i = 0; i < states; i++)
            {
                length += system.Input[(i * inputs) + j] * system.Input[(i * inputs) + j];
            }

            Assert.Equal(1, length, 1e-12);
        }
    }

    [Fact]
    public void A_linear_system_steps_by_its_matrices()
    {
        var system = new LinearSystem(2, 1, [0.5, 1, 0, 0.25], [2, 3]);
        var states = system.Simulate([1, 4], new Table(3, 1, [1, -1, 99]));
        Assert.Equal([1, 4, 6.5, 4, 5.25, -2], states.Values);
    }

    [Fact]
    public void Autoregressive_inputs_are_stationary_with_the_correlation_asked_for()
    {
        const int Trials = 20_000;
        const int Bins = 8;
        var random = new CounterRandom(6);
        var process = new AutoregressiveInputs(0.8, 0.5);
        var variance = new double[Bins];
        var lagged = 0.0;
        for (var k = 0; k < Trials; k++)
        {
            var inputs = process.Draw(Bins, 1, ref random);
            for (var t = 0; t < Bins; t++)
            {
                variance[t] += inputs[t, 0] * inputs[t, 0] / Trials;
            }

            lagged += inputs[4, 0] * inputs[7, 0] / Trials;
        }

        // The variance of a sample variance is 2 s^4 / K, that of a product at most as much.
        var error = 5 * 0.25 * Math.Sqrt(2.0 / Trials);
        Assert.All(variance, value => Assert.InRange(value, 0.25 - error, 0.25 + error));
        Assert.InRange(lagged, (0.25 * 0.512) - error, (0.25 * 0.512) + error);
    }

    [Fact]
    public void Sparse_inputs_come_to_all_channels_together_at_the_probability_asked_for()
    {
        const int Bins = 100_000;
        var random = new CounterRandom(7);
        var inputs = new SparseInputs(0.03, 2).Draw(Bins, 3, ref random);
        var events = 0;
        var square = 0.0;
        for (var t = 0; t < Bins; t++)
        {
            var row = inputs.Row(t).ToArray();
            Assert.True(row.All(value => value == 0) || row.All(value => value != 0));
            events += row[0] != 0 ? 1 : 0;
            square += row.Sum(value => value * value);
        }

        var error = 5 * Math.Sqrt(0.03 * 0.97 / Bins);
        Assert.InRange((double)events / Bins, 0.03 - error, 0.03 + error);
        Assert.InRange(square / (3 * events), 4 * (1 - (5 * Math.Sqrt(2.0 / (3 * events)))), 4 * (1 + (5 * Math.Sqrt(2.0 / (3 * events)))));
    }

    private static double[] Integrate(VectorField field, double[] start, double duration, int steps)
    {
        double[] state = [.. start];
        for (var i = 0; i < steps; i++)
        {
            RungeKutta.Step(field, state, duration / steps, new double[5 * start.Length]);
        }

        return state;
    }

    private static double Distance(double[] a, double[] b) => Math.Sqrt(a.Zip(b, (x, y) => (x - y) * (x - y)).Sum());

    private static double[] Column(Table table, int column) => [.. Enumerable.Range(0, table.Bins).Select(t => table[t, column])];
}
