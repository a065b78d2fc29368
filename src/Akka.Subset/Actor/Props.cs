using System.Linq.Expressions;
using System.Reflection;

namespace Akka.Actor;

/// <summary>How an actor is made, again after each restart: a type and the arguments of its constructor.</summary>
public sealed class Props
{
    internal const DynamicallyAccessedMemberTypes Constructors =
        DynamicallyAccessedMemberTypes.PublicConstructors | DynamicallyAccessedMemberTypes.NonPublicConstructors;

    private readonly object?[] _arguments;

    private Props([DynamicallyAccessedMembers(Constructors)] Type type, object?[] arguments) => (Type, _arguments) = (type, arguments);

    /// <summary>The actor's type.</summary>
    [DynamicallyAccessedMembers(Constructors)]
    public Type Type { get; }

    /// <summary>Makes it with <c>() => new X(a, b)</c>. The arguments are computed once, here; the constructor runs for each incarnation.</summary>
    /// <exception cref="ArgumentException">The expression is anything else than a call of a constructor.</exception>
    public static Props Create<[DynamicallyAccessedMembers(Constructors)] TActor>(Expression<Func<TActor>> factory)
        where TActor : ActorBase
    {
        ArgumentNullException.ThrowIfNull(factory);
        if (factory.Body is not NewExpression creation)
            throw new ArgumentException("The create function must be a 'new T (args)' expression", nameof(factory));
        return new Props(typeof(TActor), [.. creation.Arguments.Select(Value)]);
    }

    /// <summary>Makes it with the constructor that these arguments fit.</summary>
    public static Props Create<[DynamicallyAccessedMembers(Constructors)] TActor>(params object?[] args)
        where TActor : ActorBase => new(typeof(TActor), args);

    internal bool OnCallingThread { get; private init; }

    /// <summary>For the actor of a test: it runs on the thread that sends to it, so that what was sent to two is with both.</summary>
    internal Props OnThreadOfCaller() => new(Type, _arguments) { OnCallingThread = true };

    internal ActorBase NewActor() => (ActorBase)Activator.CreateInstance(
        Type, BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DoNotWrapExceptions, null, _arguments, null)!;

    // What is read from variables, and from what is in them, is read here: compiling it costs the process some megabytes.
    private static object? Value(Expression argument) => argument switch
    {
        ConstantExpression constant => constant.Value,
        MemberExpression { Member: FieldInfo field, Expression: { } owner } => field.GetValue(Value(owner)),
        MemberExpression { Member: PropertyInfo property, Expression: { } owner } => property.GetValue(Value(owner)),
        _ => Expression.Lambda<Func<object?>>(Expression.Convert(argument, typeof(object))).Compile(preferInterpretation: true)(),
    };
}
