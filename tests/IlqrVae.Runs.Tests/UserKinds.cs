using IlqrVae.Models.Differentiation;
using IlqrVae.Models.Dynamics.Custom;
using IlqrVae.Models.Likelihoods;

namespace IlqrVae.Runs.Tests;

/// <summary>Dynamics as a user writes them: two leaky states, the second driven by the first.</summary>
public sealed class LeakyPair : IDynamicsDefinition
{
    private readonly ParameterDeclaration _weights = ParameterDeclaration.Vector("weights", [0.4, 0.6]);

    /// <summary>The share of a state that leaks away in a bin.</summary>
    public double Leak { get; set; } = 0.1;

    public int States => 2;

    public int Inputs => 1;

    public IReadOnlyList<ParameterDeclaration> Parameters => [_weights];

    public void Step<TScalar>(
        StepContext<TScalar> model, ReadOnlySpan<TScalar> state, ReadOnlySpan<TScalar> input, ReadOnlySpan<TScalar> external, Span<TScalar> next)
        where TScalar : struct, IScalar<TScalar>
    {
        next[0] = ((1 - Leak) * state[0]) + (model[_weights][0] * input[0]);
        next[1] = ((1 - Leak) * state[1]) + (model[_weights][1] * TScalar.Tanh(state[0]));
    }
}

/// <summary>A link as a user writes it: rate = 1 + a^2, so that h = log(1 + a^2).</summary>
public sealed class SquaredLink : Link
{
    public override string Name => "squared";

    public override double Invert(double rate) => Math.Sqrt(Math.Max(0, rate - 1));

    public override void Evaluate<T>(ReadOnlySpan<T> activation, Span<T> rate, Span<T> logarithm)
    {
        for (var i = 0; i < rate.Length; i++)
        {
            rate[i] = T.One + (activation[i] * activation[i]);
            logarithm[i] = T.Log(rate[i]);
        }
    }

    public override void Differentiate<T>(ReadOnlySpan<T> activation, Span<T> rate, Span<T> first, Span<T> second)
    {
        var two = T.One + T.One;
        for (var i = 0; i < rate.Length; i++)
        {
            var a = activation[i];
            rate[i] = T.One + (a * a);
            first[i] = two * a / rate[i];
            second[i] = (two / rate[i]) - (first[i] * first[i]);
        }
    }
}
