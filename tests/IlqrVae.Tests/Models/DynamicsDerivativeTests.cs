using System.Numerics;
using CsCheck;
using IlqrVae.Models.Dynamics;
using IlqrVae.Models.Parameters;
using IlqrVae.Numerics;

namespace IlqrVae.Tests.Models;

/// <summary>Every derivative of every dynamics against central differences, at random sizes, parameters and points.</summary>
public sealed class DynamicsDerivativeTests
{
    private const double H = 1e-5;
    private const double Tolerance = 2e-7;

    private static readonly Gen<(int N, int M, int K, int Seed)> Cases =
        Gen.Select(Gen.Int[1, 12], Gen.Int[1, 12], Gen.Int[0, 3], Gen.Int[0, 1_000_000]);

    public static TheoryData<string> Names => [.. DynamicsCases.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Jacobian_agrees_with_central_differences(string name)
        => Cases.Sample(
            c =>
            {
                var at = new Point<double>(name, c.N, c.M, c.K, c.Seed, steps: 1);
                var (a, b) = at.Jacobian();
                for (var j = 0; j < at.Dynamics.StateCount + c.M; j++)
                {
                    var target = j < at.Dynamics.StateCount ? at.Z.Row(0) : at.U.Row(0);
                    var column = j < at.Dynamics.StateCount ? j : j - at.Dynamics.StateCount;
                    var slope = CentralDifference(() => at.Step(0), target, column);
                    for (var i = 0; i < at.Dynamics.StateCount; i++)
                    {
                        Close(slope[i], j < at.Dynamics.StateCount ? a[i, column] : b[i, column]);
                    }
                }

                PaddingIsZero(a);
                PaddingIsZero(b);
            },
            iter: 60);

    [Theory]
    [MemberData(nameof(Names))]
    public void Tangent_is_the_Jacobian_times_the_direction(string name)
        => Cases.Sample(
            c =>
            {
                var at = new Point<double>(name, c.N, c.M, c.K, c.Seed, steps: 1);
                var (a, b) = at.Jacobian();
                var tangent = at.Tangent(0);
                for (var i = 0; i < at.Dynamics.StateCount; i++)
                {
                    var expected = 0.0;
                    for (var j = 0; j < at.Dynamics.StateCount; j++)
                    {
                        expected += a[i, j] * at.DZ[0, j];
                    }

                    for (var j = 0; j < c.M; j++)
                    {
                        expected += b[i, j] * at.DU[0, j];
                    }

                    Close(expected, tangent[0, i], 1e-11);
                }

                PaddingIsZero(tangent);
            },
            iter: 60);

    [Theory]
    [MemberData(nameof(Names))]
    public void Adjoint_is_the_transposed_Jacobian_times_the_costate(string name)
        => Cases.Sample(
            c =>
            {
                var at = new Point<double>(name, c.N, c.M, c.K, c.Seed, steps: 1);
                var (a, b) = at.Jacobian();
                var (toState, toInput) = at.Adjoint(0);
                for (var j = 0; j < at.Dynamics.StateCount + c.M; j++)
                {
                    var expected = 0.0;
                    for (var i = 0; i < at.Dynamics.StateCount; i++)
                    {
                        expected += (j < at.Dynamics.StateCount ? a[i, j] : b[i, j - at.Dynamics.StateCount]) * at.Lambda[1, i];
                    }

                    Close(expected, j < at.Dynamics.StateCount ? toState[0, j] : toInput[0, j - at.Dynamics.StateCount], 1e-11);
                }

                PaddingIsZero(toState);
                PaddingIsZero(toInput);
            },
            iter: 60);

    [Theory]
    [MemberData(nameof(Names))]
    public void Adjoint_tangent_agrees_with_central_differences_of_the_adjoint(string name)
        => Cases.Sample(
            c =>
            {
                var at = new Point<double>(name, c.N, c.M, c.K, c.Seed, steps: 1);
                at.Linearise();
                var (toState, toInput) = at.AdjointTangent(0);
                PaddingIsZero(toState);
                PaddingIsZero(toInput);
                double[] actual = [.. toState.Row(0), .. toInput.Row(0)];
                var slope = at.AlongTangent(
                    () =>
                    {
                        at.Step(0);
                        var (s, i) = at.Adjoint(0);
                        return [.. s.Row(0), .. i.Row(0)];
                    },
                    H);
                for (var j = 0; j < at.Dynamics.StateCount + c.M; j++)
                {
                    Close(slope[j], actual[j]);
                }
            },
            iter: 60);

    [Theory]
    [MemberData(nameof(Names))]
    public void Gradient_agrees_with_central_differences_in_every_value(string name)
        => Gen.Select(Cases, Gen.Int[1, 4]).Sample(
            (c, steps) =>
            {
                var at = new Point<double>(name, c.N, c.M, c.K, c.Seed, steps);
                at.Linearise();
                var gradient = at.Gradient();
                foreach (var parameter in at.Dynamics.Parameters)
                {
                    var block = gradient[parameter];
                    PaddingIsZero(block);
                    for (var i = 0; i < parameter.Rows; i++)
                    {
                        for (var j = 0; j < parameter.Columns; j++)
                        {
                            var slope = CentralDifference(
                                () =>
                                {
                                    at.Dynamics.Refresh();
                                    return [at.WeightedSum()];
                                },
                                parameter.Value.Row(i),
                                j);
                            Close(slope[0], block[i, j]);
                        }
                    }
                }
            },
            iter: 25);

    [Theory]
    [MemberData(nameof(Names))]
    public void Gradient_pulled_back_agrees_with_central_differences_in_every_raw_number(string name)
        => Cases.Sample(
            c =>
            {
                var at = new Point<double>(name, c.N, c.M, c.K, c.Seed, steps: 3);
                at.Linearise();
                var raw = new double[at.Set.RawCount];
                at.Set.PullBack(at.Gradient(), raw);
                foreach (var parameter in at.Dynamics.Parameters)
                {
                    for (var i = 0; i < parameter.Raw.Length; i++)
                    {
                        var slope = CentralDifference(
                            () =>
                            {
                                parameter.Refresh();
                                at.Dynamics.Refresh();
                                return [at.WeightedSum()];
                            },
                            parameter.Raw,
                            i);
                        Close(slope[0], raw[parameter.RawOffset + i]);
                    }

                    parameter.Refresh();
                    at.Dynamics.Refresh();
                }
            },
            iter: 15);

    [Theory]
    [MemberData(nameof(Names))]
    public void Gradient_tangent_agrees_with_central_differences_of_the_gradient(string name)
        => Gen.Select(Cases, Gen.Frequency((4, Gen.Int[1, 5]), (1, Gen.Int[60, 140]))).Sample(
            (c, steps) =>
            {
                var at = new Point<double>(name, c.N, c.M, c.K, c.Seed, steps);
                at.Linearise();
                var expected = at.AlongTangent(
                    () =>
                    {
                        at.Linearise();
                        return Flatten(at.Gradient(), at.Dynamics);
                    },
                    H);
                at.Linearise();
                var actual = Flatten(at.GradientTangent(), at.Dynamics);
                var scale = Math.Sqrt(steps);
                for (var i = 0; i < actual.Length; i++)
                {
                    Close(expected[i], actual[i], Tolerance * scale);
                }
            },
            iter: 40);

    [Theory]
    [MemberData(nameof(Names))]
    public void Gradients_add_to_what_is_there(string name)
    {
        var at = new Point<double>(name, 5, 3, 2, 7, steps: 70);
        at.Linearise();
        at.TangentPath();
        var once = at.Gradient();
        var twice = at.Gradient();
        at.Dynamics.AccumulateGradient(at.Scratch, at.Path, twice);
        var onceTangent = at.GradientTangent();
        var twiceTangent = at.GradientTangent();
        at.Dynamics.AccumulateGradientTangent(at.Scratch, at.Path, at.TangentPath(), twiceTangent);
        foreach (var parameter in at.Dynamics.Parameters)
        {
            for (var i = 0; i < parameter.Rows; i++)
            {
                for (var j = 0; j < parameter.Columns; j++)
                {
                    Close(2 * once[parameter][i, j], twice[parameter][i, j], 1e-12);
                    Close(2 * onceTangent[parameter][i, j], twiceTangent[parameter][i, j], 1e-12);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Single_precision_agrees_with_double(string name)
        => Cases.Sample(
            c =>
            {
                var exact = new Point<double>(name, c.N, c.M, c.K, c.Seed, steps: 3);
                var single = new Point<float>(name, c.N, c.M, c.K, c.Seed, steps: 3);
                exact.Linearise();
                single.Linearise();
                Close(exact.Step(1), single.Step(1));
                Close(exact.Jacobian().A.ToArray(), single.Jacobian().A.ToArray());
                Close(exact.Jacobian().B.ToArray(), single.Jacobian().B.ToArray());
                Close(Flatten(exact.Gradient(), exact.Dynamics), Flatten(single.Gradient(), single.Dynamics));
                Close(Flatten(exact.GradientTangent(), exact.Dynamics), Flatten(single.GradientTangent(), single.Dynamics));
            },
            iter: 30);

    [Theory]
    [MemberData(nameof(Names))]
    public void Steady_use_allocates_nothing(string name)
    {
        var at = new Point<double>(name, 6, 2, 1, 11, steps: 5);
        var gradient = at.Gradient();
        at.Linearise();
        at.GradientTangent();
        at.Jacobian();
        var tangent = at.TangentPath();
        var n = at.Dynamics.StateCount;
        var (a, b) = (Matrix<double>.Allocate(n, n), Matrix<double>.Allocate(n, 2));
        for (var i = 0; i < 3; i++)
        {
            Everything(at, gradient, tangent, a, b);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        Everything(at, gradient, tangent, a, b);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        static void Everything(
            Point<double> at, ParameterGradient<double> gradient, DynamicsPath<double> tangent, Matrix<double> a, Matrix<double> b)
        {
            for (var t = 0; t < at.Path.Steps; t++)
            {
                at.StepInPlace(t);
                at.JacobianInto(t, a, b);
                at.AdjointInPlace(t);
                at.TangentInPlace(t, tangent);
                at.AdjointTangentInPlace(t, tangent);
            }

            at.Dynamics.AccumulateGradient(at.Scratch, at.Path, gradient);
            at.Dynamics.AccumulateGradientTangent(at.Scratch, at.Path, tangent, gradient);
        }
    }

    private static double[] CentralDifference(Func<double[]> function, Span<double> numbers, int index)
    {
        var kept = numbers[index];
        numbers[index] = kept + H;
        var up = function();
        numbers[index] = kept - H;
        var down = function();
        numbers[index] = kept;
        return [.. up.Zip(down, (x, y) => (x - y) / (2 * H))];
    }

    private static double[] Flatten<T>(ParameterGradient<T> gradient, Dynamics<T> dynamics)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        => [.. dynamics.Parameters.SelectMany(parameter => gradient[parameter].ToArray())];

    private static void Close(double expected, double actual, double tolerance = Tolerance)
        => Assert.True(
            Math.Abs(expected - actual) <= tolerance * Math.Max(1, Math.Abs(expected)), $"expected {expected:R}, got {actual:R}");

    private static void Close(double[] expected, double[] actual)
    {
        var scale = Math.Max(1, expected.Max(Math.Abs));
        for (var i = 0; i < expected.Length; i++)
        {
            Close(expected[i] / scale, actual[i] / scale, 3e-4);
        }
    }

    private static void PaddingIsZero(Matrix<double> matrix)
    {
        for (var i = 0; i < matrix.Rows; i++)
        {
            for (var j = matrix.Columns; j < matrix.Stride; j++)
            {
                Assert.Equal(0, matrix[i, j]);
            }
        }
    }
}
