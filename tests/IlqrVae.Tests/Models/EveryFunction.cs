using IlqrVae.Models.Differentiation;
using IlqrVae.Models.Dynamics.Custom;
using IlqrVae.Models.Parameters;

namespace IlqrVae.Tests.Models;

/// <summary>Goes through every operation of the scalar interface; a struct, so that it is inlined.</summary>
internal readonly struct EveryFunction : IDynamicsDefinition
{
    private readonly ParameterDeclaration _weights;
    private readonly ParameterDeclaration _inputs;
    private readonly ParameterDeclaration _external;
    private readonly ParameterDeclaration _rate;

    public EveryFunction(int states, int inputs, int external, int seed)
    {
        States = states;
        Inputs = inputs;
        External = external;
        _weights = ParameterDeclaration.RandomMatrix("weights", states, states, 1 / Math.Sqrt(states), seed, recurrent: true);
        _inputs = ParameterDeclaration.RandomMatrix("inputs", states, inputs, 1, seed + 1);
        _external = ParameterDeclaration.RandomMatrix("external", states, Math.Max(external, 1), 1, seed + 2);
        _rate = ParameterDeclaration.Scalar("rate", 0.7, Constraint.Positive);
    }

    public int States { get; }

    public int Inputs { get; }

    public int External { get; }

    public IReadOnlyList<ParameterDeclaration> Parameters => [_weights, _inputs, _external, _rate];

    public void Step<TScalar>(
        StepContext<TScalar> model, ReadOnlySpan<TScalar> state, ReadOnlySpan<TScalar> input, ReadOnlySpan<TScalar> external, Span<TScalar> next)
        where TScalar : struct, IScalar<TScalar>
    {
        var rate = model.Scalar(_rate);
        for (var i = 0; i < States; i++)
        {
            var x = model[_weights].Dot(i, state) + model["inputs"].Dot(i, input);
            if (External > 0)
            {
                x += model[_external].Dot(i, external);
            }

            next[i] = (i % 12) switch
            {
                0 => TScalar.Exp(-rate * TScalar.Square(x)),
                1 => TScalar.Log(2 + (x * x)) / rate,
                2 => TScalar.Sqrt(1 + TScalar.Square(x)) - rate,
                3 => TScalar.Pow(1.5 + (x * x), 1.3) * 0.3,
                4 => rate * TScalar.Tanh(x),
                5 => TScalar.Sigmoid(2 * x) + rate,
                6 => TScalar.Softplus(x * rate),
                7 => TScalar.Sin(x + rate),
                8 => TScalar.Cos(x) * rate,
                9 => TScalar.Atan(x / rate),
                10 => TScalar.Square(x) * (x > 0 ? TScalar.Max(x, -1) : TScalar.Min(rate * x, 2)),
                _ => TScalar.Square(TScalar.Abs(x)) * x / (1 + TScalar.Pow(x, 2)),
            };
        }
    }
}
