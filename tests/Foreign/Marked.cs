using System.Runtime.CompilerServices;
using ForeignHelper;
using IlqrVae.Models.Differentiation;
using IlqrVae.Models.Dynamics.Custom;

namespace Foreign;

/// <summary>Dynamics of somebody else, whose assembly leaves a mark when it is loaded.</summary>
public sealed class Marked : IDynamicsDefinition
{
    private readonly ParameterDeclaration _rate = ParameterDeclaration.Scalar("rate", Rate.Value);

    public int States => 1;

    public int Inputs => 1;

    public IReadOnlyList<ParameterDeclaration> Parameters => [_rate];

#pragma warning disable CA2255 // That code runs on loading is what is tested.
    [ModuleInitializer]
    internal static void Mark()
    {
        if (Environment.GetEnvironmentVariable("FOREIGN_MARK") is { Length: > 0 } path)
        {
            File.AppendAllText(path, "ran\n");
        }
    }
#pragma warning restore CA2255

    public void Step<TScalar>(StepContext<TScalar> model, ReadOnlySpan<TScalar> state, ReadOnlySpan<TScalar> input, ReadOnlySpan<TScalar> external, Span<TScalar> next)
        where TScalar : struct, IScalar<TScalar>
        => next[0] = (model.Scalar(_rate) * state[0]) + input[0];
}
