using System.Reflection;
using IlqrVae.Numerics;
using IlqrVae.Recordings;
using IlqrVae.Simulation;

namespace IlqrVae.Tests.Simulation;

/// <summary>Simulations end on numbers that are not finite: options are refused, and what a part is given shows in what it gives.</summary>
public sealed class NonFiniteTests
{
    public static TheoryData<double> Bad => [double.NaN, double.PositiveInfinity, double.NegativeInfinity];

    [Theory]
    [MemberData(nameof(Bad))]
    public void Options_are_refused(double bad)
    {
        Refuses(() => new LorenzOptions { Trials = 1 }, Simulations.Lorenz, bad);
        Refuses(() => new LinearOptions { Trials = 1 }, Simulations.Linear, bad);
        Refuses(() => new DuffingOptions { Trials = 1 }, Simulations.Duffing, bad);
        Refuses(() => new MazeOptions { Trials = 1 }, Simulations.Maze, bad);
        Assert.Throws<InputException>(() => Simulations.Maze(new MazeOptions { Trials = 1, BinWidth = 1e9 }));
    }

    [Theory]
    [MemberData(nameof(Bad))]
    public void Parts_give_back_what_they_are_given_or_refuse_it(double bad)
    {
        var random = new CounterRandom(1);
        Table spoilt = new(3, 2, [0, 1, bad, 2, 3, 1]);
        IsSpoilt(new AutoregressiveInputs(bad).Draw(4, 1, ref random));
        IsSpoilt(new AutoregressiveInputs(0.5, bad).Draw(4, 1, ref random));
        IsSpoilt(new SparseInputs(1, bad).Draw(4, 1, ref random));
        Assert.Throws<InvalidOperationException>(() => new SparseInputs(bad).Draw(4, 1, ref random));
        IsSpoilt(new GaussianNoise(bad).Draw(new Table(3, 2), ref random));
        IsSpoilt(new GaussianNoise(1).Draw(spoilt, ref random));
        IsSpoilt(new PoissonSpikes(5, 0.5).Rates([spoilt], 3, ref random)[0]);
        IsSpoilt(new PoissonSpikes(bad, 0.5).Rates([new Table(3, 1, [1, 2, 0])], 3, ref random)[0]);
        Assert.ThrowsAny<ArgumentException>(() => PoissonSpikes.Draw(spoilt, 0.01, ref random));
        IsSpoilt(LinearReadout.Random([spoilt], [1], ref random).Apply(spoilt));
        IsSpoilt(new SoftplusTuning([spoilt], 3, ref random).Rates(spoilt));
        IsSpoilt(new MotorVariability(bad).Execute(new Table(3, 2, [1, 1, 1, 1, 1, 1]), 0.01, ref random));
        IsSpoilt(new MotorVariability().Execute(spoilt, 0.01, ref random));
        Assert.ThrowsAny<ArgumentException>(() => new MotorVariability().Execute(spoilt, bad, ref random));
        var reaches = new DelayedReachPopulation(2, ref random);
        IsSpoilt(reaches.Simulate(0, 30, 0.01, 5, bad, ref random).States);
        Assert.ThrowsAny<ArgumentException>(() => reaches.Simulate(0, 30, bad, 5, 0, ref random));
        IsSpoilt(new LinearSystem(1, 1, [bad], [1]).Simulate([1], new Table(3, 1)));
        IsSpoilt(new LinearSystem(1, 1, [0.5], [1]).Simulate([bad], new Table(3, 1)));
        IsSpoilt(new LinearSystem(1, 1, [0.5], [1]).Simulate([1], new Table(3, 1, [0, bad, 0])));
        Assert.ThrowsAny<ArgumentException>(() => LinearSystem.Random(2, 1, bad, 0, ref random));
        double[] state = [bad, 1, 1];
        RungeKutta.Step(LorenzSystem.Derivative, state, 0.01, new double[15]);
        IsSpoilt(new Table(1, 3, state));
        Assert.False(double.IsFinite(DuffingOscillator.Energy([bad, 1])));
    }

    private static void IsSpoilt(Table table) => Assert.Contains(table.Values, x => !double.IsFinite(x));

    private static void Refuses<T>(Func<T> create, Func<T, Recording> simulate, double bad)
        where T : SimulationOptions
    {
        var properties = typeof(T).GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(one => one.PropertyType == typeof(double) && one.CanWrite).ToArray();
        Assert.NotEmpty(properties);
        foreach (var property in properties)
        {
            var options = create();
            property.SetValue(options, bad);
            var exception = Assert.Throws<InputException>(() => simulate(options));
            Assert.Contains($"{bad}", exception.Message, StringComparison.Ordinal);
        }
    }
}
