using IlqrVae.Training;

namespace IlqrVae.Tests.Training;

public sealed class AdamTests
{
    /// <summary>Whole vectors and what is left over, whatever the width of the machine's vectors.</summary>
    private const int Count = 19;

    [Fact]
    public void Two_steps_are_those_worked_out_by_hand()
    {
        var adam = new Adam(Count);
        var parameters = new double[Count];
        Array.Fill(parameters, 5.0);
        adam.Update(parameters, Filled(2), 0.1);

        // m = 0.1 * 2 and v = 0.001 * 4, corrected to 2 and 4: a step of 0.1 * 2 / 2.
        Assert.All(adam.First, first => Assert.Equal(0.2, first, 1e-15));
        Assert.All(adam.Second, second => Assert.Equal(0.004, second, 1e-15));
        Assert.All(parameters, parameter => Assert.Equal(4.9, parameter, 1e-8));

        // m = 0.9 * 0.2 - 0.1 * 1 = 0.08, v = 0.999 * 0.004 + 0.001 * 1 = 0.004996; corrected by 1 - 0.81 = 0.19 and 1 - 0.998001 = 0.001999:
        // 0.421052632 / sqrt(2.499249625) = 0.266337040
        adam.Update(parameters, Filled(-1), 0.1);
        Assert.Equal(2, adam.Updates);
        Assert.All(adam.First, first => Assert.Equal(0.08, first, 1e-15));
        Assert.All(adam.Second, second => Assert.Equal(0.004996, second, 1e-15));
        Assert.All(parameters, parameter => Assert.Equal(4.9 - 0.0266337040, parameter, 1e-8));
    }

    [Fact]
    public void The_least_gradient_gives_a_step_that_the_constant_below_the_line_holds_back()
    {
        var adam = new Adam(Count);
        var parameters = new double[Count];
        adam.Update(parameters, Filled(1e-8), 0.1);
        Assert.All(parameters, parameter => Assert.Equal(-0.05, parameter, 1e-9));
    }

    [Fact]
    public void An_optimiser_that_took_over_the_history_of_another_goes_on_like_it_and_apart_from_it()
    {
        var (one, other) = (new Adam(Count), new Adam(Count));
        var (parameters, same) = (new double[Count], new double[Count]);
        one.Update(parameters, Filled(3), 0.1);
        parameters.CopyTo(same, 0);
        other.CopyFrom(one);
        one.Update(parameters, Filled(-7), 0.1);
        other.Update(same, Filled(-7), 0.1);
        Assert.Equal(parameters, same);
        Assert.Equal((one.Updates, 2), (other.Updates, other.Updates));
    }

    private static double[] Filled(double value)
    {
        var values = new double[Count];
        Array.Fill(values, value);
        return values;
    }
}
