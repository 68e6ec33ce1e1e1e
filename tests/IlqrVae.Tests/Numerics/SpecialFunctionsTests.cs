using CsCheck;
using IlqrVae.Numerics;

namespace IlqrVae.Tests.Numerics;

public sealed class SpecialFunctionsTests
{
    private const double Tolerance = 1e-13;
    private const double EulerGamma = 0.57721566490153286;
    private static readonly Gen<double> Arguments = Gen.Double[-6, 6].Select(power => Math.Pow(10, power));

    /// <summary>From tables, and from Stirling's series beyond 60 with 60 digits.</summary>
    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 0)]
    [InlineData(0.25, 1.2880225246980774)]
    [InlineData(0.5, 0.57236494292470009)]
    [InlineData(1.5, -0.12078223763524522)]
    [InlineData(3, 0.69314718055994531)]
    [InlineData(10, 12.801827480081469)]
    [InlineData(100, 359.13420536957540)]
    [InlineData(1e-8, 18.420680738180209)]
    [InlineData(1e10, 220258509288.81147)]
    [InlineData(5e-324, 744.44007192138122)]
    [InlineData(1e-300, 690.77552789821368)]
    [InlineData(1e-20, 46.051701859880914)]
    [InlineData(0.1, 2.252712651734206)]
    [InlineData(0.999, 0.00057803853289138023)]
    [InlineData(1.001, -0.00057639359828330617)]
    [InlineData(1.4616321449683623, -0.12148629053584961)]
    [InlineData(1.999, -0.0004224618006921073)]
    [InlineData(2.001, 0.00042310673480011699)]
    [InlineData(9.999, 12.799575780077413)]
    [InlineData(10.001, 12.804079285251861)]
    [InlineData(123.456, 469.6055471299295)]
    [InlineData(1000000.5, 12815511.476902766)]
    [InlineData(9007199254740992, 3.2188848345802304e17)]
    [InlineData(1e100, 2.2925850929940456e102)]
    [InlineData(2.5e305, 1.7555118602376452e308)]
    public void Log_gamma_at_known_points(double x, double expected) => Close(expected, SpecialFunctions.LogGamma(x));

    [Theory]
    [InlineData(1, -EulerGamma)]
    [InlineData(2, 1 - EulerGamma)]
    [InlineData(0.5, -1.9635100260214235)]
    [InlineData(0.25, -4.2274535333762654)]
    [InlineData(10, 2.2517525890667211)]
    [InlineData(100, 4.6001618527380874)]
    [InlineData(1e-300, -1e300)]
    [InlineData(0.1, -10.423754940411076)]
    [InlineData(0.999, -0.57886180210864546)]
    [InlineData(1.001, -0.57557193181030064)]
    [InlineData(1.4616321449683623, -9.2412655217294273e-17)]
    [InlineData(9.999, 2.2516474172057355)]
    [InlineData(10.001, 2.251857749877872)]
    [InlineData(123.456, 4.8118293238289853)]
    [InlineData(1000000.5, 13.815510557964316)]
    [InlineData(1e100, 230.25850929940458)]
    public void Digamma_at_known_points(double x, double expected) => Close(expected, SpecialFunctions.Digamma(x));

    [Fact]
    public void Log_gamma_of_integers_is_the_log_of_factorials()
    {
        var sum = 0.0;
        for (var n = 1; n <= 170; n++)
        {
            Close(sum, SpecialFunctions.LogGamma(n));
            sum += Math.Log(n);
        }
    }

    [Fact]
    public void Log_gamma_recurrence() => Arguments.Sample(x => Close(SpecialFunctions.LogGamma(x) + Math.Log(x), SpecialFunctions.LogGamma(x + 1), x < 1 ? 1 : x));

    [Fact]
    public void Digamma_recurrence() => Arguments.Sample(x => Close(SpecialFunctions.Digamma(x) + (1 / x), SpecialFunctions.Digamma(x + 1), 1 / x));

    [Fact]
    public void Duplication() => Gen.Double[0.01, 500].Sample(
        x =>
        {
            // Gamma(x) Gamma(x + 1/2) = 2^(1 - 2x) sqrt(pi) Gamma(2x), and its logarithmic derivative.
            var left = SpecialFunctions.LogGamma(x) + SpecialFunctions.LogGamma(x + 0.5);
            Close(left, ((1 - (2 * x)) * Math.Log(2)) + (0.5 * Math.Log(Math.PI)) + SpecialFunctions.LogGamma(2 * x), 2 * x * Math.Log(2 * x + 1));
            var slopes = 0.5 * (SpecialFunctions.Digamma(x) + SpecialFunctions.Digamma(x + 0.5));
            Close(slopes + Math.Log(2), SpecialFunctions.Digamma(2 * x), 1 / x);
        });

    [Fact]
    public void Reflection() => Gen.Double[0.001, 0.999].Sample(
        x =>
        {
            Close(Math.Log(Math.PI / Math.Sin(Math.PI * x)), SpecialFunctions.LogGamma(x) + SpecialFunctions.LogGamma(1 - x));
            Close(Math.PI / Math.Tan(Math.PI * x), SpecialFunctions.Digamma(1 - x) - SpecialFunctions.Digamma(x), 1 / Math.Min(x, 1 - x));
        });

    [Fact]
    public void Agrees_with_an_independent_library() => Gen.Double[0.05, 1000].Sample(
        x =>
        {
            Assert.Equal(MathNet.Numerics.SpecialFunctions.GammaLn(x), SpecialFunctions.LogGamma(x), 1e-11 * Math.Max(1, Math.Abs(SpecialFunctions.LogGamma(x))));
            Assert.Equal(MathNet.Numerics.SpecialFunctions.DiGamma(x), SpecialFunctions.Digamma(x), 1e-11 * Math.Max(1, 1 / x));
        });

    [Fact]
    public void Outside_the_domain()
    {
        foreach (var x in new[] { 0.0, -1, -0.5, double.NaN, double.NegativeInfinity })
        {
            Assert.Equal(double.NaN, SpecialFunctions.LogGamma(x));
            Assert.Equal(double.NaN, SpecialFunctions.Digamma(x));
        }

        Assert.Equal(double.PositiveInfinity, SpecialFunctions.LogGamma(double.PositiveInfinity));
        Assert.Equal(double.PositiveInfinity, SpecialFunctions.Digamma(double.PositiveInfinity));
    }

    /// <summary>Relative to the value, or to 1 near its zeros, or to a magnitude that the identity passes through.</summary>
    private static void Close(double expected, double actual, double magnitude = 1)
        => Assert.Equal(expected, actual, Tolerance * Math.Max(Math.Max(1, magnitude), Math.Abs(expected)));
}
