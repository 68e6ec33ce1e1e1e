using IlqrVae.Models.Parameters;

namespace IlqrVae.Tests.Models;

public sealed class ParameterTests
{
    [Fact]
    public void A_start_that_breaks_its_constraint_is_refused_by_name()
    {
        var exception = Assert.Throws<ArgumentException>(() => new Parameter<double>("dynamics.B", 2, 1, Constraint.UnitColumns, [3, 4]));
        Assert.Contains("'dynamics.B', 2 x 1: Column 0 of norm 5", exception.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new Parameter<double>("d", 1, 3, Constraint.Free, [3, 4]));
        Assert.Throws<ArgumentException>(() => new Parameter<double>("d", 1, 2, Constraint.Free, [3, double.NaN]));
    }

    [Fact]
    public void Nearest_mends_a_random_start()
    {
        var parameter = Parameter<double>.Nearest("dynamics.B", 2, 1, Constraint.UnitColumns, [3, 4]);
        Assert.Equal([0.6, 0.8], parameter.ExactValue.ToArray());
        Assert.Equal([3, 4], parameter.Raw);
        var exception = Assert.Throws<ArgumentException>(() => Parameter<double>.Nearest("dynamics.B", 2, 1, Constraint.UnitColumns, [0, 0]));
        Assert.Contains("'dynamics.B'", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_value_that_is_refused_changes_nothing()
    {
        var parameter = new Parameter<double>("scale", 1, 2, Constraint.Positive, [1, 2]);
        var exception = Assert.Throws<ArgumentException>(() => parameter.Set([5, -1]));
        Assert.Contains("'scale'", exception.Message, StringComparison.Ordinal);
        parameter.Refresh();
        Assert.Equal([1, 2], parameter.ExactValue.ToArray());
    }

    [Fact]
    public void A_parameter_belongs_to_one_set()
    {
        var shared = new Parameter<double>("shared", 1, 2, Constraint.Free, [1, 2]);
        var first = new ParameterSet<double>([Own("a", 3), shared]);
        var exception = Assert.Throws<ArgumentException>(() => new ParameterSet<double>([shared, Own("b", 1)]));
        Assert.Contains("'shared' belongs to another model", exception.Message, StringComparison.Ordinal);

        // The first is as it was.
        Assert.Equal((1, 3), (shared.Index, shared.RawOffset));
        var raw = new double[first.RawCount];
        first.CopyRawTo(raw);
        Assert.Equal([0, 0, 0, 1, 2], raw);
    }

    [Fact]
    public void A_set_that_is_refused_claims_nothing()
    {
        var twice = Own("a", 3);
        Assert.Throws<ArgumentException>(() => new ParameterSet<double>([twice, Own("a", 1)]));
        Assert.Equal(3, new ParameterSet<double>([twice]).RawCount);
    }

    [Fact]
    public void Vectors_of_another_length_are_refused_untouched()
    {
        var set = new ParameterSet<double>([Own("a", 3), Own("b", 1)]);
        var gradient = new ParameterGradient<double>(set.All);
        foreach (var length in new[] { 0, 3, 5 })
        {
            var numbers = Enumerable.Repeat(7.0, length).ToArray();
            Assert.Throws<ArgumentException>(() => set.SetRaw(numbers));
            Assert.Throws<ArgumentException>(() => set.CopyRawTo(numbers));
            Assert.Throws<ArgumentException>(() => set.PullBack(gradient, numbers));
            Assert.All(numbers, x => Assert.Equal(7, x));
            Assert.All(set.All, parameter => Assert.All(parameter.ExactValue.ToArray(), x => Assert.Equal(0, x)));
        }
    }

    [Fact]
    public void A_gradient_knows_the_parameters_of_its_model_alone()
    {
        var set = new ParameterSet<double>([Own("a", 3), Own("b", 1)]);
        var other = new ParameterSet<double>([Own("a", 3), Own("b", 5)]);
        var gradient = new ParameterGradient<double>(set.All);
        Assert.Equal(1, gradient[set["b"]].Columns);
        Assert.Throws<ArgumentException>(() => gradient[other["b"]]);
        Assert.Throws<ArgumentException>(() => gradient[Own("c", 1)]);
        Assert.Throws<ArgumentException>(() => gradient.AddScaled(1, new ParameterGradient<double>(other.All)));
        Assert.Throws<ArgumentException>(() => set.PullBack(new ParameterGradient<double>(other.All), new double[4]));
    }

    private static Parameter<double> Own(string name, int length) => new(name, 1, length, Constraint.Free, new double[length]);
}
