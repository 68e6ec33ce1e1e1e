using CsCheck;
using IlqrVae.Models.Differentiation;
using IlqrVae.Models.Dynamics.Custom;
using IlqrVae.Numerics;

namespace IlqrVae.Tests.Models;

public sealed class CustomDynamicsTests
{
    [Fact]
    public void A_definition_of_the_mini_gru_equals_the_gated_unit_in_everything()
        => Gen.Select(Gen.Int[1, 12], Gen.Int[1, 12], Gen.Int[0, 3], Gen.Int[0, 1_000_000]).Sample(
            (n, m, k, seed) =>
            {
                var byHand = new Point<double>("gated-outside", n, m, k, seed, steps: 4);
                var custom = new Point<double>("custom", n, m, k, seed, steps: 4);
                byHand.Linearise();
                custom.Linearise();
                Close(byHand.Step(0), custom.Step(0));
                var (a, b) = byHand.Jacobian();
                var (customA, customB) = custom.Jacobian();
                Close(a.ToArray(), customA.ToArray());
                Close(b.ToArray(), customB.ToArray());
                Close(byHand.Tangent(1).ToArray(), custom.Tangent(1).ToArray());
                Close(byHand.Adjoint(2), custom.Adjoint(2));
                Close(byHand.AdjointTangent(3), custom.AdjointTangent(3));
                var gradient = byHand.Gradient();
                var customGradient = custom.Gradient();
                var tangent = byHand.GradientTangent();
                var customTangent = custom.GradientTangent();
                for (var i = 0; i < byHand.Dynamics.Parameters.Count; i++)
                {
                    var parameter = byHand.Dynamics.Parameters[i];
                    var itsTwin = custom.Dynamics.Parameters[i];
                    Close(gradient[parameter].ToArray(), customGradient[itsTwin].ToArray());
                    Close(tangent[parameter].ToArray(), customTangent[itsTwin].ToArray());
                }
            },
            iter: 50);

    [Fact]
    public void Parameters_carry_the_prefix_the_constraint_and_the_mark_of_recurrent_weights()
    {
        var dynamics = new CustomDynamics<double, EveryFunction>(new EveryFunction(3, 2, 1, 5));
        Assert.Equal("dynamics.weights dynamics.inputs dynamics.external dynamics.rate", string.Join(' ', dynamics.Parameters.Select(p => p.Name)));
        Assert.Equal("positive", dynamics.Parameters[3].Constraint.Name);
        Assert.Equal([dynamics.Parameters[0]], dynamics.RecurrentWeights);
        Assert.Equal("every-function", dynamics.Kind);
    }

    [Fact]
    public void Two_parameters_of_one_name_are_refused()
    {
        var rate = ParameterDeclaration.Scalar("rate", 1);
        var error = Assert.Throws<ArgumentException>(() => CustomDynamics.Create<double>(new MiniGruDefinition(1, 1, 0, rate, rate, rate, rate, rate, e: null)));
        Assert.Contains("'rate'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_parameter_that_is_used_but_not_listed_is_named()
    {
        var error = Assert.Throws<ArgumentException>(() => new Point<double>(CustomDynamics.Create<double>(new Forgetful()), seed: 1, steps: 1).Step(0));
        Assert.Contains("'forgotten'", error.Message, StringComparison.Ordinal);
    }

    private static void Close((Matrix<double> ToState, Matrix<double> ToInput) expected, (Matrix<double> ToState, Matrix<double> ToInput) actual)
    {
        Close(expected.ToState.ToArray(), actual.ToState.ToArray());
        Close(expected.ToInput.ToArray(), actual.ToInput.ToArray());
    }

    private static void Close(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.True(
                Math.Abs(expected[i] - actual[i]) <= 1e-12 * Math.Max(1, Math.Abs(expected[i])), $"expected {expected[i]:R}, got {actual[i]:R}");
        }
    }

    private sealed class Forgetful : IDynamicsDefinition
    {
        private readonly ParameterDeclaration _forgotten = ParameterDeclaration.Scalar("forgotten", 1);

        public int States => 1;

        public int Inputs => 1;

        public IReadOnlyList<ParameterDeclaration> Parameters => [];

        public void Step<TScalar>(
            StepContext<TScalar> model, ReadOnlySpan<TScalar> state, ReadOnlySpan<TScalar> input, ReadOnlySpan<TScalar> external, Span<TScalar> next)
            where TScalar : struct, IScalar<TScalar>
            => next[0] = model.Scalar(_forgotten) * state[0];
    }
}
