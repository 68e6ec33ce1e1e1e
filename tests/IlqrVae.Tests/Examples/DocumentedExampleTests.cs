using CsCheck;
using IlqrVae.Models.Dynamics.Custom;
using IlqrVae.Tests.Models;

namespace IlqrVae.Tests.Examples;

/// <summary>The examples of docs/custom-dynamics.md are the code of this directory, and they work.</summary>
public sealed class DocumentedExampleTests
{
    [Theory]
    [InlineData("VanDerPol")]
    [InlineData("WilsonCowan")]
    public void The_page_shows_the_code_that_is_compiled_here(string example)
    {
        var directory = AppContext.BaseDirectory;
        var page = File.ReadAllText(Path.Combine(directory, "docs", "custom-dynamics.md")).ReplaceLineEndings("\n");
        var code = File.ReadAllText(Path.Combine(directory, "Examples", example + ".cs")).ReplaceLineEndings("\n");
        Assert.Contains(WithoutNamespace(code), page, StringComparison.Ordinal);

        static string WithoutNamespace(string code)
            => code.Replace("namespace IlqrVae.Tests.Examples;\n\n", string.Empty, StringComparison.Ordinal).TrimEnd();
    }

    [Fact]
    public void The_oscillator_settles_on_its_limit_cycle()
    {
        var dynamics = new CustomDynamics<double, VanDerPol>(new VanDerPol());
        var at = new Point<double>(dynamics, seed: 1, steps: 1);
        at.U.Clear();
        at.Z.CopyFrom([0.1, 0, 0, 0]);
        var amplitude = 0.0;
        for (var t = 0; t < 4000; t++)
        {
            var next = at.Step(0);
            at.Z[0, 0] = next[0];
            at.Z[0, 1] = next[1];
            amplitude = t < 2000 ? 0 : Math.Max(amplitude, Math.Abs(next[0]));
        }

        // The continuous oscillator swings to 2.009 at mu = 1; the Euler step takes a little off.
        Assert.Equal(2.009, amplitude, 0.05);
    }

    [Fact]
    public void The_columns_respond_to_input_and_stay_between_zero_and_one()
    {
        var at = new Point<double>(new CustomDynamics<double, WilsonCowan>(new WilsonCowan()), seed: 1, steps: 1);
        var quiet = Excitation(drive: -3);
        var driven = Excitation(drive: 3);
        Assert.InRange(quiet, 0, 0.2);
        Assert.InRange(driven, quiet + 0.1, 1);

        double Excitation(double drive)
        {
            at.Z.Clear();
            at.U.CopyFrom([drive, drive, drive]);
            var sum = 0.0;
            for (var t = 0; t < 1000; t++)
            {
                var next = at.Step(0);
                Assert.All(next, value => Assert.InRange(value, 0, 1));
                next.CopyTo(at.Z.Row(0));
                sum += next[0] / 1000;
            }

            return sum;
        }
    }

    [Fact]
    public void Their_gradients_agree_with_central_differences()
        => Gen.Int[0, 1_000_000].Sample(
            seed =>
            {
                foreach (var definition in new IDynamicsDefinition[] { new VanDerPol(), new WilsonCowan() })
                {
                    var at = new Point<double>(CustomDynamics.Create<double>(definition), seed, steps: 3);
                    var raw = new double[at.Set.RawCount];
                    at.Set.PullBack(at.Gradient(), raw);
                    foreach (var parameter in at.Dynamics.Parameters)
                    {
                        for (var i = 0; i < parameter.Raw.Length; i++)
                        {
                            var kept = parameter.Raw[i];
                            var slope = (At(kept + 1e-5) - At(kept - 1e-5)) / 2e-5;
                            At(kept);
                            Assert.Equal(slope, raw[parameter.RawOffset + i], 1e-7 * Math.Max(1, Math.Abs(slope)));

                            double At(double value)
                            {
                                parameter.Raw[i] = value;
                                parameter.Refresh();
                                at.Dynamics.Refresh();
                                return at.WeightedSum();
                            }
                        }
                    }
                }
            },
            iter: 10);
}
