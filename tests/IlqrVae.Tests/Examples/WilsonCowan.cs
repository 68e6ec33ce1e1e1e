using IlqrVae.Models.Differentiation;
using IlqrVae.Models.Dynamics.Custom;
using IlqrVae.Models.Parameters;

namespace IlqrVae.Tests.Examples;

/// <summary>
/// Coupled Wilson-Cowan columns: each has an excitatory and an inhibitory population (states 2 i and 2 i + 1), excitation spreads between
/// columns, unknown inputs reach the excitatory populations, and one known stimulus reaches everything.
/// </summary>
public sealed class WilsonCowan : IDynamicsDefinition
{
    private const int Columns = 3;

    private readonly ParameterDeclaration _local = ParameterDeclaration.Matrix(
        "local", 2, 2, [11, 9, 12, 3], Constraint.Positive, recurrent: true);

    private readonly ParameterDeclaration _between = ParameterDeclaration.RandomMatrix("between", Columns, Columns, deviation: 0.5, seed: 1);
    private readonly ParameterDeclaration _threshold = ParameterDeclaration.Vector("threshold", [2.8, 4.0]);
    private readonly ParameterDeclaration _stimulus = ParameterDeclaration.Vector("stimulus", new double[2 * Columns]);
    private readonly ParameterDeclaration _rate = ParameterDeclaration.Vector("rate", [0.1, 0.05], Constraint.Positive);

    public int States => 2 * Columns;

    public int Inputs => Columns;

    public int External => 1;

    public IReadOnlyList<ParameterDeclaration> Parameters => [_local, _between, _threshold, _stimulus, _rate];

    public void Step<TScalar>(
        StepContext<TScalar> model,
        ReadOnlySpan<TScalar> state,
        ReadOnlySpan<TScalar> input,
        ReadOnlySpan<TScalar> external,
        Span<TScalar> next)
        where TScalar : struct, IScalar<TScalar>
    {
        var excitation = model.Temporary(Columns);
        for (var i = 0; i < Columns; i++)
        {
            excitation[i] = state[2 * i];
        }

        var local = model[_local];
        var threshold = model[_threshold];
        var stimulus = model[_stimulus];
        var rate = model[_rate];
        for (var i = 0; i < Columns; i++)
        {
            var (e, h) = (state[2 * i], state[(2 * i) + 1]);
            var toExcitatory = (local[0, 0] * e) - (local[0, 1] * h) + model[_between].Dot(i, excitation) + input[i];
            var toInhibitory = (local[1, 0] * e) - (local[1, 1] * h);
            toExcitatory += (stimulus[2 * i] * external[0]) - threshold[0];
            toInhibitory += (stimulus[(2 * i) + 1] * external[0]) - threshold[1];
            next[2 * i] = e + (rate[0] * (TScalar.Sigmoid(toExcitatory) - e));
            next[(2 * i) + 1] = h + (rate[1] * (TScalar.Sigmoid(toInhibitory) - h));
        }
    }
}
