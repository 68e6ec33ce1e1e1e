using IlqrVae.Models.Differentiation;

namespace IlqrVae.Models.Dynamics.Custom;

/// <summary>The vectors of one step over one kind of number, for one worker.</summary>
/// <typeparam name="TScalar">The kind of number.</typeparam>
internal sealed class StepEvaluator<TScalar>
    where TScalar : struct, IScalar<TScalar>
{
    private readonly StepContext<TScalar> _context;

    public StepEvaluator(IDynamicsDefinition definition, ParameterLayout layout, TScalar[] parameters, double[]? constants)
    {
        State = new TScalar[definition.States];
        Input = new TScalar[definition.Inputs];
        External = new TScalar[definition.External];
        Next = new TScalar[definition.States];
        Parameters = parameters;
        _context = new StepContext<TScalar>(layout, parameters, constants);
    }

    public TScalar[] State { get; }

    public TScalar[] Input { get; }

    public TScalar[] External { get; }

    public TScalar[] Next { get; }

    public TScalar[] Parameters { get; }

    public void Run<TDefinition>(TDefinition definition)
        where TDefinition : IDynamicsDefinition
    {
        Array.Clear(Next);
        _context.Reset();
        definition.Step<TScalar>(_context, State, Input, External, Next);
    }
}
