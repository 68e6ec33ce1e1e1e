using IlqrVae.Models.Differentiation;
using IlqrVae.Models.Dynamics.Custom;

namespace IlqrVae.Tests.Models;

/// <summary>The mini-GRU with inputs outside the nonlinearity, written as a definition.</summary>
internal sealed class MiniGruDefinition(
    int states, int inputs, int external, ParameterDeclaration uf, ParameterDeclaration bf, ParameterDeclaration uh, ParameterDeclaration bh,
    ParameterDeclaration w, ParameterDeclaration? e) : IDynamicsDefinition
{
    public int States => states;

    public int Inputs => inputs;

    public int External => external;

    public IReadOnlyList<ParameterDeclaration> Parameters => e is null ? [uf, bf, uh, bh, w] : [uf, bf, uh, bh, w, e];

    public void Step<TScalar>(
        StepContext<TScalar> model, ReadOnlySpan<TScalar> state, ReadOnlySpan<TScalar> input, ReadOnlySpan<TScalar> external, Span<TScalar> next)
        where TScalar : struct, IScalar<TScalar>
    {
        var gate = model.Temporary(states);
        var gated = model.Temporary(states);
        for (var i = 0; i < states; i++)
        {
            gate[i] = TScalar.Sigmoid(model[uf].Dot(i, state) + model[bf][i]);
            gated[i] = gate[i] * state[i];
        }

        var drive = model.Temporary(states);
        model[w].AddProduct(input, drive);
        if (e is not null)
        {
            model[e].AddProduct(external, drive);
        }

        for (var i = 0; i < states; i++)
        {
            var pre = model[uh].Dot(i, gated) + model[bh][i];
            var candidate = ((pre + TScalar.Sqrt((pre * pre) + 4)) / 2) - 1 + drive[i];
            next[i] = ((1 - gate[i]) * state[i]) + (gate[i] * candidate);
        }
    }
}
